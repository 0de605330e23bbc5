/**
 * When a pool counts as exhausted. Waiting alone is normal at good utilisation: at 80 % use four
 * callers in ten wait, for a few milliseconds. A pool is exhausted when every connection is in use
 * and somebody has waited for long, or waits have become long against the work itself.
 */

export interface PoolMoment {
  readonly total: number;
  readonly max: number;
  readonly idle: number;
  /** The server lets no further connection in, so that `max` can't be reached. */
  readonly refused?: boolean;
  readonly oldestWaitMs: number;
  /** 99th percentile of the waits of the last 10 s. */
  readonly waitP99Ms: number;
  /** Median time that connections were held in the last 10 s. */
  readonly useP50Ms: number;
}

/** Below this a 99th percentile of waits is no alarm, however short the work is. */
const LONG_WAIT_MS = 250;
/** Nor is it below this multiple of the median use. */
const LONG_WAIT_USES = 5;

/** As many connections as there can be, and none idle. A figure, no alarm. */
export function isSaturated({
  total,
  max,
  idle,
  refused = false,
}: Pick<PoolMoment, "total" | "max" | "idle" | "refused">): boolean {
  return max > 0 && (total >= max || refused) && idle === 0;
}

/** Why the pool is exhausted, or null when it is not. */
export function exhaustion(moment: PoolMoment, warnWaitMs: number): "oldest" | "p99" | null {
  if (!isSaturated(moment)) return null;
  if (moment.oldestWaitMs > warnWaitMs) return "oldest";
  const long = Math.max(LONG_WAIT_MS, LONG_WAIT_USES * moment.useP50Ms);
  return moment.waitP99Ms > long ? "p99" : null;
}
