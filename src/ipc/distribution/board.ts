/**
 * The scoreboard: one row a worker with what the others need to know to share one listening socket
 * fairly. Node has no memory shared between processes, but a page of a file that everybody has open
 * is just that: a write and a read of it take a microsecond each, and no process has to be awake to
 * pass anything on. Nothing is ever synced to disk.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, rmdirSync, writeSync } from "node:fs";
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What one worker says of itself. Times are the machine's monotonic milliseconds. */
export interface Row {
  /** When it said so. */
  readonly at: number;
  /** Until when it holds; a loop that is stuck lets it run out. */
  readonly validUntil: number;
  /** Open connections of this listener. */
  readonly open: number;
  /** Connections that ended of late. */
  readonly ended: number;
  /** False while it has stepped out. */
  readonly accepting: boolean;
  /** Whom to signal when it may step in again. */
  readonly pid: number;
}

const FIELDS = 6;
const ROW_BYTES = FIELDS * Float64Array.BYTES_PER_ELEMENT;
/** Workers of one listener that take part in balancing, those of a reload's overlap included. */
export const MAX_ROWS = 256;

/** Milliseconds of CLOCK_MONOTONIC, which all processes of a machine share. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

export interface Board {
  /** Opens the same scoreboard in another process. */
  readonly path: string;
  /** The rows by their index; an empty one is valid until 0. */
  read(): readonly Row[];
  write(index: number, row: Row): void;
  close(): void;
}

const EMPTY: Row = { at: 0, validUntil: 0, open: 0, ended: 0, accepting: false, pid: 0 };

function board(fd: number, path: string, remove: () => void): Board {
  const all = new Float64Array(FIELDS * MAX_ROWS);
  const one = new Float64Array(FIELDS);
  return {
    path,
    read() {
      const rows = Math.floor(readSync(fd, all, 0, all.byteLength, 0) / ROW_BYTES);
      return Array.from({ length: rows }, (_, index) => {
        const fields = all.subarray(index * FIELDS, (index + 1) * FIELDS);
        const [at = 0, validUntil = 0, open = 0, ended = 0, accepting = 0, pid = 0] = fields;
        return { at, validUntil, open, ended, accepting: accepting === 1, pid };
      });
    },
    write(index, row) {
      one.set([row.at, row.validUntil, row.open, row.ended, row.accepting ? 1 : 0, row.pid]);
      writeSync(fd, one, 0, ROW_BYTES, index * ROW_BYTES);
    },
    close() {
      closeSync(fd);
      remove();
    },
  };
}

/** An empty row, for a worker that is gone. */
export const clearRow = (target: Board, index: number): void => {
  target.write(index, EMPTY);
};

/** Opens the scoreboard that the primary made. Throws a system error when it is gone. */
export const openBoard = (path: string): Board =>
  board(openSync(path, "r+"), path, () => undefined);

/**
 * A new scoreboard. Its file has no name where the system lets other processes open it all the
 * same (Linux), so that nothing is left behind whatever ends the primary.
 */
export function createBoard(): Board {
  const file = join(mkdtempSync(join(memoryFolder(), "supervise-")), "board");
  const fd = openSync(file, "wx+", 0o600);
  const remove = (): void => {
    rmSync(file, { force: true });
    rmdirSync(dirname(file));
  };
  if (process.platform !== "linux") return board(fd, file, remove);
  remove();
  return board(fd, `/proc/${process.pid}/fd/${fd}`, () => undefined);
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
