/**
 * Where a supervisor's socket lives: `.dazzle/run/` of its project or, where that can't be written
 * or is too deep for a socket path, a folder of this user's under the system's temporary folder
 * whose name both sides derive from the project's path.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing NUL included. */
const LONGEST_SOCKET_PATH = 103;
const LONGEST_NAME = "supervisor-4194304.sock";

const fits = (folder: string): boolean =>
  Buffer.byteLength(join(folder, LONGEST_NAME)) <= LONGEST_SOCKET_PATH;

/** The folders a supervisor of the project at `root` may have its socket in, the usual one first. */
function runFolders(root: string): string[] {
  const user = process.getuid?.() ?? 0;
  const project = createHash("sha256").update(root).digest("hex").slice(0, 12);
  return [join(root, ".dazzle", "run"), join(tmpdir(), `dazzle-${user}-${project}`)].filter(fits);
}

/** The first folder in which a socket can be made, with mode 0700; null when there is none. */
export function makeRunFolder(root: string): string | null {
  for (const folder of runFolders(root)) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (!isOurs(folder)) continue;
      chmodSync(folder, 0o700);
      if (folder.startsWith(root)) hideFromGit(dirname(folder));
      return folder;
    } catch (error) {
      // A read-only or foreign folder: try the next; null tells the caller that none is left.
      if (!isSystemError(error)) throw error;
    }
  }
  return null;
}

/** Every supervisor socket of the project at `root`, live or stale. */
export function listSockets(root: string): { path: string; pid: number }[] {
  return runFolders(root).flatMap((folder) =>
    namesIn(folder).flatMap((name) => {
      const pid = /^supervisor-(\d+)\.sock$/.exec(name)?.[1];
      return pid === undefined ? [] : [{ path: join(folder, name), pid: Number(pid) }];
    }),
  );
}

export const socketPath = (folder: string, pid: number): string =>
  join(folder, `supervisor-${pid}.sock`);

/** Guards the shared temporary folder: another user may have made the name first. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder);
  return found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid);
}

function hideFromGit(stateFolder: string): void {
  const file = join(stateFolder, ".gitignore");
  if (!existsSync(file)) writeFileSync(file, "*\n");
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && "code" in error;
