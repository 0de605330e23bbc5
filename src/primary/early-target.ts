/** What the control server answers before there is a supervisor: alive, starting, not ready. */
import { renderMetrics } from "../control/metrics.js";
import type { ControlTarget, Status } from "../control/protocol.js";
import { productVersion } from "../config/version.js";
import type { Environment } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import type { Known } from "./known.js";

const READINESS = { ready: false, reason: "starting" } as const;
const NOT_YET = "the supervisor is still starting";

/** `stop` calls the start off. */
export function createEarlyTarget(
  { startedAt, warnings }: Known,
  env: Environment,
  stop: () => void,
): ControlTarget {
  const status = (): Status => ({
    pid: process.pid,
    version: productVersion(),
    env,
    state: "starting",
    started_at: startedAt.toISOString(),
    uptime_s: Math.round((Date.now() - startedAt.getTime()) / 100) / 10,
    url: null,
    generation: 1,
    workers: [],
    pool: {
      min: 0,
      max: 0,
      total: 0,
      idle: 0,
      waiting: 0,
      wait_ms: { p50: 0, p95: 0, p99: 0, max: 0 },
      checkouts: 0,
      timeouts: 0,
    },
    budget: null,
    migrations: null,
    warnings: [...warnings()],
  });
  return {
    status,
    readiness: () => READINESS,
    metrics: () =>
      renderMetrics({
        status: status(),
        pools: [],
        now: performance.now(),
        ready: false,
        restarts: {},
        reloads: { done: 0, abandoned: 0 },
        runtimes: [],
      }),
    reload: () =>
      Promise.resolve({ outcome: "abandoned", reason: NOT_YET, generation: 1, duration_ms: 0 }),
    scale: () =>
      Promise.reject(
        new SuperviseError("BOOT_FAILED", { what: NOT_YET, remedy: "try again when it is ready" }),
      ),
    stop,
  };
}

/** A target that answers as `current` says at that moment. */
export const delegate = (current: () => ControlTarget): ControlTarget => ({
  status: () => current().status(),
  readiness: () => current().readiness(),
  metrics: () => current().metrics(),
  reload: (options) => current().reload(options),
  scale: (workers) => current().scale(workers),
  stop: () => current().stop(),
});
