/**
 * `acquire_timeout`: one timer a pool, for its oldest waiter. It is armed when somebody waits and
 * looks again when it fires, so that a checkout that is served at once costs no timer.
 */
import type { AcquireTimer, MeasuredPool } from "./shapes.js";
import { rejectCheckout, timedOut } from "./waiters.js";

export function createAcquireTimer(of: () => MeasuredPool, timeoutMs: number): AcquireTimer {
  let timer: NodeJS.Timeout | null = null;

  const expire = (): void => {
    timer = null;
    const measured = of();
    const { meter } = measured;
    const now = performance.now();
    for (
      let { oldest } = meter.waiting;
      oldest !== null && now - oldest.askedAt >= timeoutMs;
      oldest = meter.waiting.oldest
    ) {
      const error = timedOut(measured, timeoutMs);
      meter.timeouts += 1;
      meter.lastTimeout = error.message;
      rejectCheckout(measured, oldest, error);
    }
    arm();
  };

  const arm = (): void => {
    const { oldest } = of().meter.waiting;
    if (oldest === null) return;
    const due = oldest.askedAt + timeoutMs - performance.now();
    // It outlives the checkouts that it was for; waiting connections keep the process alive by themselves.
    timer = setTimeout(expire, Math.max(1, Math.ceil(due))).unref();
  };

  return {
    asked() {
      if (timer === null && timeoutMs > 0) arm();
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
