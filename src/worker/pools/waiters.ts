/** Answering callers that wait in vain. */
import { formatDuration } from "../../util/units.js";
import { giveUp } from "./passage.js";
import { PoolError } from "./pool-error.js";
import type { Checkout, MeasuredPool } from "./shapes.js";
import { traceTo } from "./site.js";

/** One waiting caller gets an error, and its place in pg-pool's queue is given up. */
export function rejectCheckout(measured: MeasuredPool, checkout: Checkout, error: Error): void {
  const { pool, meter } = measured;
  giveUp(meter, checkout);
  // The oldest stands in front, unless its connection is being opened.
  const queue = pool._pendingQueue;
  const place = queue.indexOf(checkout);
  if (place === 0) queue.shift();
  else if (place > 0) queue.splice(place, 1);
  traceTo(checkout.site, error);
  checkout.caller(error, undefined, () => undefined);
}

/** Every caller that waits now gets an error; one that asks again from its callback does not. */
export function rejectWaiting(
  measured: MeasuredPool,
  error: (measured: MeasuredPool) => Error,
): void {
  const { waiting } = measured.meter;
  for (let left = waiting.size; left > 0 && waiting.oldest !== null; left -= 1) {
    rejectCheckout(measured, waiting.oldest, error(measured));
  }
}

/** Callers of a pool that has ended and never answers them are not counted as waiting. */
export function forgetWaiting({ meter }: MeasuredPool): void {
  while (meter.waiting.oldest !== null) giveUp(meter, meter.waiting.oldest);
}

export function ended({ meter }: MeasuredPool): PoolError {
  return new PoolError(
    "POOL_ENDED",
    `the connection pool "${meter.name}" has ended while a checkout was waiting`,
  );
}

export function lost({ meter }: MeasuredPool): PoolError {
  const ago = formatDuration(Math.round(performance.now() - meter.database.since));
  return new PoolError(
    "DATABASE_LOST",
    `the database has not been reachable for ${ago} (${meter.database.error ?? "no answer"}); ` +
      `pool "${meter.name}" keeps trying to connect in the background`,
  );
}

/** Begins as pg-pool's own, for applications that look for that. */
export function timedOut({ pool, meter }: MeasuredPool, timeoutMs: number): PoolError {
  const { held, waiting } = meter;
  const { max } = pool.options;
  const longest = held.oldest === null ? 0 : performance.now() - held.oldest.heldSince;
  const opening = Math.max(0, pool.totalCount - pool.idleCount - held.size);
  const busy =
    held.size >= max
      ? `all ${max} are in use, the longest for ${formatDuration(Math.round(longest))}`
      : `${held.size} of at most ${max} are in use and ${opening} being opened`;
  return new PoolError(
    "POOL_TIMEOUT",
    `timeout exceeded when trying to connect: no connection from pool "${meter.name}" within ` +
      `${formatDuration(timeoutMs)}; ${busy}, and ${waiting.size} callers wait. ` +
      (meter.refusal === null
        ? ""
        : `The server refuses further connections (${meter.refusal.message}). `) +
      "Hold connections for less time, raise pool.max, or raise pool.acquire_timeout",
  );
}
