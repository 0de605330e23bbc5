/**
 * `acquire_timeout`: one timer a pool, for its oldest waiter. It is armed when somebody waits and
 * looks again when it fires, so that a checkout that is served at once costs no timer.
 */
import { formatDuration } from "../../util/units.js";
import type { Meter } from "./meter.js";
import type { InstrumentedPool } from "./internals.js";
import { PoolError } from "./pool-error.js";
import { rejectCheckout } from "./waiters.js";

export interface AcquireTimer {
  arm(): void;
  stop(): void;
}

export function createAcquireTimer(
  pool: InstrumentedPool,
  meter: Meter,
  timeoutMs: number,
): AcquireTimer {
  let timer: NodeJS.Timeout | null = null;

  const expire = (): void => {
    timer = null;
    const now = performance.now();
    for (
      let oldest = meter.waiting.oldest;
      oldest !== null && now - oldest.askedAt >= timeoutMs;
      oldest = meter.waiting.oldest
    ) {
      const error = timeoutError(pool, meter, timeoutMs);
      meter.timeouts += 1;
      meter.lastTimeout = error.message;
      rejectCheckout(pool, meter, oldest, error);
    }
    arm();
  };

  const arm = (): void => {
    const { oldest } = meter.waiting;
    if (timer !== null || oldest === null || timeoutMs <= 0) return;
    const due = oldest.askedAt + timeoutMs - performance.now();
    timer = setTimeout(expire, Math.max(1, Math.ceil(due)));
  };

  return {
    arm,
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}

function timeoutError(pool: InstrumentedPool, meter: Meter, timeoutMs: number): PoolError {
  const now = performance.now();
  const { held, waiting } = meter;
  const longest = held.oldest === null ? 0 : now - held.oldest.heldSince;
  const opening = pool.totalCount - pool.idleCount - held.size;
  const busy =
    held.size >= pool.options.max
      ? `all ${held.size} of at most ${pool.options.max} connections are in use, the longest for ${formatDuration(longest)}`
      : `${held.size} of at most ${pool.options.max} connections are in use and ${Math.max(0, opening)} being opened`;
  return new PoolError(
    "POOL_TIMEOUT",
    `no connection from pool "${meter.name}" within ${formatDuration(timeoutMs)}: ${busy}, ` +
      `${waiting.size} callers wait. Hold connections for less time, raise pool.max, or raise pool.acquire_timeout`,
  );
}
