/**
 * Where lines go: a stream of this process, or, when that stream is a file which log rotation moved
 * away and `reopen` was asked for, the file that has its old name now.
 */
import { closeSync, fstatSync, openSync, readlinkSync, type Stats } from "node:fs";
import { createFileWriter, type LossReport } from "./file-writer.js";

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
  on(event: "error", listener: (error: Error) => void): unknown;
  once(event: "drain" | "error", listener: () => void): unknown;
  removeListener(event: "drain" | "error", listener: () => void): unknown;
}

/** `report` is told of lines that nobody takes; null: a stream that breaks is its owner's business. */
export function destinationOf(stream: Stream, report: LossReport | null): Destination {
  const file = fileOf(stream);
  return file === null ? toStream(stream, report) : toFile(file, report);
}

interface File {
  readonly fd: number;
  /** As it was called when the program started; null where that can't be known. */
  readonly path: string | null;
}

/** A file, or a device that takes what is written as a file does. */
function fileOf({ fd, isTTY }: Stream): File | null {
  if (fd === undefined || isTTY === true) return null;
  const stats = statsOf(fd);
  if (stats?.isCharacterDevice() === true) return { fd, path: null };
  return stats?.isFile() === true ? { fd, path: pathOf(fd) } : null;
}

function statsOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    // It is closed.
    return null;
  }
}

function pathOf(fd: number): string | null {
  if (process.platform !== "linux") return null;
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // No /proc here: there is nothing that could be opened again.
    return null;
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

function toFile({ fd, path }: File, report: LossReport | null): Destination {
  const writer = createFileWriter(fd, report);
  let reopened: number | null = null;
  return {
    write: (text) => writer.write(text),
    drained: () => null,
    reopen: () => {
      const next = path === null ? null : tryOpen(path);
      if (next === null) return;
      writer.turnTo(next);
      if (reopened !== null) closeSync(reopened);
      reopened = next;
    },
  };
}

function toStream(stream: Stream, report: LossReport | null): Destination {
  let waiting: Promise<void> | null = null;
  let broken = false;
  if (report !== null) {
    stream.on("error", (error) => {
      // Its reader is gone for good. The application goes on without a log rather than wait for it.
      if (!broken) report.begins("code" in error ? String(error.code) : error.message);
      broken = true;
    });
  }
  return {
    write: (text) => {
      if (broken || stream.write(text) || waiting !== null) return;
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
    reopen: () => undefined,
  };
}
