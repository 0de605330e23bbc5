/** Looks at the workers while they run: do their event loops turn, how much memory do they hold. */
import type { Logger } from "../log/logger.js";
import { createFigureReader } from "./figures.js";
import type { Supervisor } from "./supervisor.js";
import { NO_STACK } from "./inspector.js";
import type { WorkerHandle } from "./worker-handle.js";

const LOOK_EVERY_MS = 100;
const MEMORY_EVERY_MS = 1_000;
/** A worker's beats may be this much late beyond hang_timeout: the longest wait between two of them. */
const BEAT_MS = 500;
/**
 * How long before hang_timeout the stack is asked for. A script is interrupted between two of its
 * steps only, and one that parses much at a time is long in each.
 */
const LEAD_MS = 2_000;
/** When the hang is told without a stack, after hang_timeout. */
const PATIENCE_MS = 850;

export interface Watch {
  close(): void;
}

/** A worker that has been silent for so long that its stack was asked for. */
interface Suspicion {
  stack: string | null;
  told: boolean;
}

export function watchWorkers(supervisor: Supervisor, log: Logger): Watch {
  const figures = createFigureReader();
  const suspicions = new WeakMap<WorkerHandle, Suspicion>();
  let looked = performance.now();
  let weighed = 0;

  const suspect = async (handle: WorkerHandle, limitMs: number): Promise<void> => {
    const suspicion: Suspicion = { stack: null, told: false };
    suspicions.set(handle, suspicion);
    suspicion.stack = await handle.stack(limitMs);
  };

  const judge = (handle: WorkerHandle, silentMs: number, hangTimeoutMs: number): void => {
    const suspicion = suspicions.get(handle);
    if (silentMs <= hangTimeoutMs - Math.min(LEAD_MS, hangTimeoutMs / 2)) {
      if (suspicion === undefined || suspicion.told) return;
      suspicions.delete(handle);
      handle.send({ type: "recovered" });
      return;
    }
    if (suspicion === undefined) {
      const limitMs = Math.max(1, hangTimeoutMs + PATIENCE_MS - silentMs);
      suspect(handle, limitMs).catch((error: unknown) => log.error("watching failed", { error }));
      return;
    }
    if (suspicion.told || silentMs <= hangTimeoutMs + Math.min(BEAT_MS, hangTimeoutMs / 4)) return;
    const { stack } = suspicion;
    if (stack === null && silentMs < hangTimeoutMs + PATIENCE_MS) return;
    suspicion.told = true;
    const fields = {
      blocked_ms: Math.round(silentMs),
      stack: stack ?? NO_STACK,
    };
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
      if (heldUp || handle.heldUp()) handle.lastBeat = now;
      if (hangTimeoutMs > 0) judge(handle, now - handle.lastBeat, hangTimeoutMs);
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
