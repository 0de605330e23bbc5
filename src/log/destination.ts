/**
 * Where lines go: a stream of this process, or, when that stream is a file which log rotation moved
 * away and `reopen` was asked for, the file that has its old name now.
 */
import { createWriteStream, fstatSync, readlinkSync, type WriteStream } from "node:fs";

export interface Destination {
  write(text: string): void;
  /** Settles when everything written has been taken; null when it already has. */
  drained(): Promise<void> | null;
  reopen(): void;
}

/** What is needed of a stream; both process.stdout and a file's stream have it. */
export interface Stream {
  readonly fd?: number | undefined;
  readonly isTTY?: boolean;
  write(text: string): boolean;
  once(event: "drain" | "error", listener: () => void): unknown;
  removeListener(event: "drain" | "error", listener: () => void): unknown;
}

/** The path behind a descriptor that is a regular file, as it was called when the program started. */
function fileOf(fd: number | undefined): string | null {
  if (fd === undefined || process.platform !== "linux") return null;
  try {
    return fstatSync(fd).isFile() ? readlinkSync(`/proc/self/fd/${fd}`) : null;
  } catch {
    // No /proc here, or the descriptor is closed: there is nothing that could be opened again.
    return null;
  }
}

export function destinationOf(stream: Stream): Destination {
  const path = fileOf(stream.fd);
  let current = stream;
  let reopened: WriteStream | null = null;
  let waiting: Promise<void> | null = null;
  return {
    write: (text) => {
      if (current.write(text) || waiting !== null) return;
      const full = current;
      waiting = new Promise((resolve) => {
        const taken = () => {
          waiting = null;
          full.removeListener("drain", taken);
          full.removeListener("error", taken);
          resolve();
        };
        full.once("drain", taken);
        full.once("error", taken);
      });
    },
    drained: () => waiting,
    reopen: () => {
      if (path === null) return;
      const moved = reopened;
      const file = createWriteStream(path, { flags: "a" });
      const opened = {
        write: (text: string) => file.write(text),
        once: file.once.bind(file),
        removeListener: file.removeListener.bind(file),
      };
      file.once("error", () => {
        current = stream;
      });
      reopened = file;
      current = opened;
      moved?.end();
    },
  };
}
