/** The warning that comes before a hang. */
import type { Logger } from "../log/logger.js";
import { formatDuration } from "../util/units.js";
import type { WorkerHandle } from "./worker-handle.js";

/** At most this often for a slot. */
const SLOW_EVERY_MS = 30_000;
const SLOW_LOOP_MS = 1_000;
/** Of `hang_timeout`, where that is less. */
const SLOW_PART = 1 / 4;

/** Warns of a worker whose event loop was blocked for long, before that becomes a hang. */
export function createSlowLoopWarning(
  hangTimeoutMs: () => number,
  log: Logger,
): (handle: WorkerHandle) => void {
  const warned = new Map<number, number>();
  return ({ slot, stats }) => {
    if (stats.loop.max < Math.min(SLOW_LOOP_MS, hangTimeoutMs() * SLOW_PART)) return;
    const now = performance.now();
    if (now - (warned.get(slot) ?? -SLOW_EVERY_MS) < SLOW_EVERY_MS) return;
    warned.set(slot, now);
    log.warn(
      `worker ${slot}: the event loop was blocked for ${formatDuration(stats.loop.max)}; look for synchronous work`,
      { worker: slot, event_loop_delay_ms: stats.loop },
    );
  };
}
