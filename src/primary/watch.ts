/** Looks at the workers while they run: do their event loops turn, how much memory do they hold. */
import type { Logger } from "../log/logger.js";
import { createFigureReader } from "./figures.js";
import type { Supervisor } from "./supervisor.js";
import type { WorkerHandle } from "./worker-handle.js";

const LOOK_EVERY_MS = 100;
const MEMORY_EVERY_MS = 1_000;
/** A worker's beats may be this much late beyond hang_timeout: the longest wait between two of them. */
const BEAT_MS = 500;

export interface Watch {
  close(): void;
}

export function watchWorkers(supervisor: Supervisor, log: Logger): Watch {
  const figures = createFigureReader();
  const asked = new Set<number>();
  let looked = performance.now();
  let weighed = 0;

  const hangs = async (handle: WorkerHandle, blockedMs: number): Promise<void> => {
    asked.add(handle.key);
    const stack = await handle.stack();
    asked.delete(handle.key);
    const fields = { blocked_ms: Math.round(blockedMs), stack };
    supervisor.loop.dispatch({ type: "worker.hung", key: handle.key, fields });
  };

  const look = (): void => {
    const now = performance.now();
    // Held up itself (a suspended machine, a stopped process): nobody's silence means anything.
    const heldUp = now - looked > 10 * LOOK_EVERY_MS;
    looked = now;
    const { hangTimeoutMs, maxMemoryBytes } = supervisor.release().config.supervisor;
    const weigh = maxMemoryBytes > 0 && now - weighed >= MEMORY_EVERY_MS;
    if (weigh) weighed = now;
    for (const handle of supervisor.handles.values()) {
      if (handle.lastBeat === null) continue;
      if (heldUp) handle.lastBeat = now;
      const silent = now - handle.lastBeat;
      if (
        hangTimeoutMs > 0 &&
        silent > hangTimeoutMs + Math.min(BEAT_MS, hangTimeoutMs / 4) &&
        !asked.has(handle.key)
      ) {
        hangs(handle, silent).catch((error: unknown) => log.error("watching failed", { error }));
      }
      if (!weigh) continue;
      const { rssBytes } = figures.read(handle.pid);
      if (rssBytes > maxMemoryBytes) {
        supervisor.loop.dispatch({ type: "worker.oversized", key: handle.key, rssBytes });
      }
    }
  };

  const timer = setInterval(look, LOOK_EVERY_MS);
  return { close: () => clearInterval(timer) };
}
