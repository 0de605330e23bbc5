/**
 * The scoreboard: one row a worker with what the others need to know to share one listening socket
 * fairly, in a file that all have open.
 */
import { readSync, writeSync } from "node:fs";
import { createMemoryFile, openMemoryFile, type MemoryFile } from "../memory-file.js";

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

function board(file: MemoryFile): Board {
  const all = new Float64Array(COLUMNS * MAX_ROWS);
  const one = new Float64Array(COLUMNS);
  return {
    path: file.path,
    read() {
      // Only as many as were ever used: the primary writes each row before it gives it to a worker.
      const rows = Math.floor(readSync(file.fd, all, 0, all.byteLength, 0) / ROW_BYTES);
      return all.subarray(0, rows * COLUMNS);
    },
    write(index, row) {
      one.set(toFields(row));
      writeSync(file.fd, one, 0, ROW_BYTES, index * ROW_BYTES);
    },
    close: () => file.close(),
  };
}

/** An empty row, for a worker that is gone. */
export const clearRow = (target: Board, index: number): void => {
  target.write(index, EMPTY);
};

/** Opens the scoreboard that the primary made. Throws a system error when it is gone. */
export const openBoard = (path: string): Board => board(openMemoryFile(path));

export const createBoard = (): Board => board(createMemoryFile());
