/** The rule by which a worker steps out and in. Pure: scoreboard and time in, a decision out. */
import { COLUMN, COLUMNS } from "../../ipc/distribution/board.js";

export interface Decision {
  /** Whether this worker should accept. */
  readonly accept: boolean;
  /** Workers that stepped out and, as far as the board tells, may step in again. */
  readonly wake: readonly number[];
}

/** Whether connections come and go all the time, by the number that ended of late. */
const isChurning = (ended: number): boolean => ended > 2;

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
 * holds. `table` is the whole scoreboard.
 */
export function decide(
  table: Float64Array,
  own: number,
  { open, ended }: { open: number; ended: number },
  now: number,
): Decision {
  let fewest = open;
  let churn = ended;
  for (let start = 0; start < table.length; start += COLUMNS) {
    if (!counts(table, start, own, now)) continue;
    fewest = Math.min(fewest, table[start + COLUMN.open] ?? 0);
    churn += table[start + COLUMN.ended] ?? 0;
  }
  const limit = fewest + slack(fewest, churn);
  const wake: number[] = [];
  for (let start = 0; start < table.length; start += COLUMNS) {
    if (!counts(table, start, own, now) || table[start + COLUMN.accepting] === 1) continue;
    const mayStepIn = (table[start + COLUMN.open] ?? 0) <= limit;
    const knows = now - (table[start + COLUMN.at] ?? 0) <= KNOWS_MS;
    if (mayStepIn && !knows) wake.push(table[start + COLUMN.pid] ?? 0);
  }
  return { accept: open <= limit, wake };
}

/** Whether the row at `start` is that of another worker whose loop turns. */
const counts = (table: Float64Array, start: number, own: number, now: number): boolean =>
  start !== own * COLUMNS && (table[start + COLUMN.validUntil] ?? 0) >= now;
