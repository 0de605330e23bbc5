/** The warning that comes before a hang. */
import type { Logger } from "../log/logger.js";
import { formatDuration } from "../util/units.js";
import type { WorkerHandle } from "./worker-handle.js";

/** Warned of long before `hang_timeout`, at most this often for a slot. */
const SLOW_EVERY_MS = 30_000;
const SLOW_LOOP_MS = 1_000;

/** Warns of a worker whose event loop was blocked for a second, before that becomes a hang. */
export function createSlowLoopWarning(log: Logger): (handle: WorkerHandle) => void {
  const warned = new Map<number, number>();
  return ({ slot, stats }) => {
    if (stats.loop.max < SLOW_LOOP_MS) return;
    const now = performance.now();
    if (now - (warned.get(slot) ?? -SLOW_EVERY_MS) < SLOW_EVERY_MS) return;
    warned.set(slot, now);
    log.warn(
      `worker ${slot}: the event loop was blocked for ${formatDuration(stats.loop.max)}; look for synchronous work`,
      { worker: slot, event_loop_delay_ms: stats.loop },
    );
  };
}
