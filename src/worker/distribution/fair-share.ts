/** The rule by which a worker steps out and in. Pure: rows and time in, a decision out. */
import type { Row } from "../../ipc/distribution/board.js";

export interface Decision {
  /** Whether this worker should accept. */
  readonly accept: boolean;
  /** Workers that stepped out and, as far as the board tells, may step in again. */
  readonly wake: readonly number[];
}

/**
 * How many connections more than the worker with the fewest one may hold. Two workers may differ by
 * one without being uneven, and above twenty by a twentieth, so that busy workers, whose counts
 * change all the time, seldom have to step out.
 */
export const slack = (fewest: number): number => 1 + Math.floor(fewest / 20);

/**
 * The worker with the fewest connections always accepts, so that there is always one that does. A
 * worker whose row has run out does not count: its loop is stuck and it takes nothing, whatever it
 * holds.
 */
export function decide(rows: readonly Row[], own: number, open: number, now: number): Decision {
  const others = rows.filter((row, index) => index !== own && row.validUntil >= now);
  const fewest = others.reduce((least, row) => Math.min(least, row.open), open);
  const limit = fewest + slack(fewest);
  return {
    accept: open <= limit,
    wake: others.filter((row) => !row.accepting && row.open <= limit).map((row) => row.pid),
  };
}
