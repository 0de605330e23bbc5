/**
 * The scoreboard: one row a worker with what the others need to know to share one listening socket
 * fairly. Node has no memory shared between processes, but a page of a file that everybody has open
 * is just that: a write and a read of it take a microsecond each, and no process has to be awake to
 * pass anything on. Nothing is ever synced to disk.
 */
import {
  accessSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  rmdirSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * What one worker says of itself: the columns of its row, in a plain array of numbers because it is
 * read for every connection. Times are the machine's monotonic milliseconds.
 */
export const COLUMN = {
  /** When it said so. */
  at: 0,
  /** Until when it holds; a loop that is stuck lets it run out. */
  validUntil: 1,
  /** Open connections of this listener. */
  open: 2,
  /** Connections that ended of late. */
  ended: 3,
  /** 0 while it has stepped out. */
  accepting: 4,
  /** Whom to signal when it may step in again. */
  pid: 5,
} as const;
export const COLUMNS = 6;

export type Row = Readonly<Record<keyof typeof COLUMN, number>>;

const ROW_BYTES = COLUMNS * Float64Array.BYTES_PER_ELEMENT;
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
  /** All rows, one after the other; an empty one is valid until 0. The next read overwrites them. */
  read(): Float64Array;
  write(index: number, row: Row): void;
  close(): void;
}

const EMPTY: Row = { at: 0, validUntil: 0, open: 0, ended: 0, accepting: 0, pid: 0 };

/** The numbers of a row in the order of its columns. */
export const toFields = (row: Row): number[] => [
  row.at,
  row.validUntil,
  row.open,
  row.ended,
  row.accepting,
  row.pid,
];

function board(fd: number, path: string, remove: () => void): Board {
  const all = new Float64Array(COLUMNS * MAX_ROWS);
  const one = new Float64Array(COLUMNS);
  return {
    path,
    read() {
      // Only as many as were ever used: the primary writes each row before it gives it to a worker.
      const rows = Math.floor(readSync(fd, all, 0, all.byteLength, 0) / ROW_BYTES);
      return all.subarray(0, rows * COLUMNS);
    },
    write(index, row) {
      one.set(toFields(row));
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
