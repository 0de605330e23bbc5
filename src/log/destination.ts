/**
 * Where lines go: a stream of this process, or, when that stream is a file which log rotation moved
 * away and `reopen` was asked for, the file that has its old name now.
 */
import { closeSync, fstatSync, openSync, readlinkSync, writeSync } from "node:fs";

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

/** At once, as Node writes to an output that is a file: nothing is lost at the end. */
function append(fd: number, text: string): boolean {
  try {
    let rest = Buffer.from(text);
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    return true;
  } catch (error) {
    // No room, for one: the old file is where the line may still go.
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

/** Null where it can't be opened: whatever is open stays in use. */
function tryOpen(path: string): number | null {
  try {
    return openSync(path, "a");
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

export function destinationOf(stream: Stream): Destination {
  const path = fileOf(stream.fd);
  let reopened: number | null = null;
  let waiting: Promise<void> | null = null;
  return {
    write: (text) => {
      if (reopened !== null && append(reopened, text)) return;
      if (stream.write(text) || waiting !== null) return;
      waiting = new Promise((resolve) => {
        const taken = () => {
          waiting = null;
          stream.removeListener("drain", taken);
          stream.removeListener("error", taken);
          resolve();
        };
        stream.once("drain", taken);
        stream.once("error", taken);
      });
    },
    drained: () => waiting,
    reopen: () => {
      if (path === null) return;
      const moved = reopened;
      reopened = tryOpen(path) ?? moved;
      if (moved !== null && moved !== reopened) closeSync(moved);
    },
  };
}
