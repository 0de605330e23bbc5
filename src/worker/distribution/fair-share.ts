/** The rule by which a worker steps out and in. Pure: rows and time in, a decision out. */
import type { Row } from "../../ipc/distribution/board.js";

export interface Decision {
  /** Whether this worker should accept. */
  readonly accept: boolean;
  /** Workers that stepped out and, as far as the board tells, may step in again. */
  readonly wake: readonly number[];
}

/** Whether connections come and go all the time, by the number that ended of late. */
export const isChurning = (ended: number): boolean => ended > 2;

/**
 * How many connections more than the worker with the fewest one may hold: one, and above twenty a
 * twentieth. While they come and go all the time the counts change faster than stepping out and in
 * could follow, and even out by themselves: then some more.
 */
export const slack = (fewest: number, ended: number): number =>
  1 + Math.floor(fewest / 20) + (isChurning(ended) ? 2 + Math.floor(fewest / 5) : 0);

/** A worker that looked so short a time ago knows already. */
const KNOWS_MS = 2;

/**
 * The worker with the fewest connections always accepts, so that there is always one that does. A
 * worker whose row has run out does not count: its loop is stuck and it takes nothing, whatever it
 * holds.
 */
export function decide(
  rows: readonly Row[],
  own: number,
  { open, ended }: { open: number; ended: number },
  now: number,
): Decision {
  const others = rows.filter((row, index) => index !== own && row.validUntil >= now);
  const fewest = others.reduce((least, row) => Math.min(least, row.open), open);
  const limit =
    fewest +
    slack(
      fewest,
      others.reduce((sum, row) => sum + row.ended, ended),
    );
  return {
    accept: open <= limit,
    wake: others
      .filter((row) => !row.accepting && row.open <= limit && now - row.at > KNOWS_MS)
      .map((row) => row.pid),
  };
}
