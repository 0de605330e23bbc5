/** Answering callers that wait in vain. */
import type { Checkout } from "./checkout.js";
import { hasInternals, type InstrumentedPool } from "./internals.js";
import { giveUp, type Meter } from "./meter.js";
import { PoolError } from "./pool-error.js";
import { traceTo } from "./site.js";

/** One waiting caller gets an error, and its place in pg-pool's queue is given up. */
export function rejectCheckout(
  pool: InstrumentedPool,
  meter: Meter,
  checkout: Checkout,
  error: Error,
): void {
  giveUp(meter, checkout);
  if (hasInternals(pool)) {
    const place = pool._pendingQueue.findIndex((item) => item.callback === checkout.settle);
    if (place !== -1) pool._pendingQueue.splice(place, 1);
  }
  traceTo(checkout.site, error);
  checkout.callback(error, undefined, () => undefined);
}

/** Every caller still waiting gets an error. */
export function rejectWaiting(
  pool: InstrumentedPool,
  meter: Meter,
  error: (meter: Meter) => Error,
): void {
  // Only those who wait now: a callback may ask again.
  let { size } = meter.waiting;
  while (size > 0 && meter.waiting.oldest !== null) {
    rejectCheckout(pool, meter, meter.waiting.oldest, error(meter));
    size -= 1;
  }
}

export function ended(meter: Meter): PoolError {
  return new PoolError(
    "POOL_ENDED",
    `the connection pool "${meter.name}" has ended while a checkout was waiting`,
  );
}
