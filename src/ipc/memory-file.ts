/**
 * A file for a few pages that several processes have open. Node has no memory shared between processes,
 * but this is just that: a write and a read take a microsecond each, no process has to be awake to
 * pass anything on, and what was written outlives its writer, even one that is killed. Nothing is
 * ever synced to disk.
 */
import {
  accessSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  rmdirSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface MemoryFile {
  readonly fd: number;
  /** Opens the same file in another process. */
  readonly path: string;
  close(): void;
}

/** Opens what another process created. Throws a system error when it is gone. */
export function openMemoryFile(path: string): MemoryFile {
  const fd = openSync(path, "r+");
  return { fd, path, close: () => closeSync(fd) };
}

/**
 * A new, empty one. The file has no name where the system lets other processes open it all the same
 * (Linux), so that nothing is left behind whatever ends this process.
 */
export function createMemoryFile(): MemoryFile {
  const file = join(mkdtempSync(join(memoryFolder(), "supervise-")), "shared");
  const fd = openSync(file, "wx+", 0o600);
  const remove = (): void => {
    rmSync(file, { force: true });
    rmdirSync(dirname(file));
  };
  if (process.platform === "linux") {
    remove();
    return { fd, path: `/proc/${process.pid}/fd/${fd}`, close: () => closeSync(fd) };
  }
  return {
    fd,
    path: file,
    close() {
      closeSync(fd);
      remove();
    },
  };
}

/** Where pages of a file are never written to a disk, if there is such a place. */
function memoryFolder(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch (error) {
    if (error instanceof Error && "code" in error) return tmpdir();
    throw error;
  }
}
