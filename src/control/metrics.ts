/**
 * What `GET /metrics` says: OpenTelemetry's conventions for connection pools and the Node runtime in
 * Prometheus spelling, and the supervisor's own figures. Made from what the primary already holds:
 * no worker is asked, so a blocked one holds nothing up.
 */
import { availableParallelism } from "node:os";
import { SUPERVISOR_STATES, WORKER_STATES } from "./metric-states.js";
import { poolFamilies } from "./metrics-pool.js";
import { runtimeFamilies } from "./metrics-runtime.js";
import { renderOpenMetrics, type Family, type Sample } from "./openmetrics.js";
import { workerLabels } from "./worker-labels.js";
import type { Outline } from "./protocol.js";
import type { RuntimeSeries } from "../sampling/runtime.js";
import type { Watched } from "../sampling/episode.js";

export interface SupervisorSnapshot {
  readonly status: Outline;
  /** `aggregate.series()`. */
  readonly pools: readonly Watched[];
  /** The clock that reports were taken in with, in milliseconds. */
  readonly now: number;
  readonly ready: boolean;
  /** Unexpected ends of workers by reason, since the start. */
  readonly restarts: Readonly<Record<string, number>>;
  /** Reloads by outcome, since the start. */
  readonly reloads: Readonly<Record<"done" | "abandoned", number>>;
  /** What workers tell of their Node runtime. */
  readonly runtimes: readonly RuntimeSeries[];
}

/** OpenMetrics text, ready to serve. */
export function renderMetrics(snapshot: SupervisorSnapshot): string {
  return renderOpenMetrics([
    ...supervisorFamilies(snapshot),
    ...workerFamilies(snapshot),
    ...runtimeFamilies(snapshot.runtimes),
    ...poolFamilies(snapshot.pools, snapshot.now),
  ]);
}

const one = (value: number): Sample[] => [{ labels: {}, value }];

const byKey = (label: string, counts: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }));

function supervisorFamilies(snapshot: SupervisorSnapshot): Family[] {
  const { status, ready, restarts, reloads } = snapshot;
  const { version, env, state, workers, budget, migrations } = status;
  return [
    {
      name: "dazzle_supervisor",
      type: "info",
      help: "The running supervisor.",
      samples: [{ labels: { version, env }, value: 1 }],
    },
    {
      name: "dazzle_supervisor_state",
      type: "gauge",
      help: "1 for the state that the supervisor is in.",
      samples: SUPERVISOR_STATES.map((name) => ({
        labels: { state: name },
        value: name === state ? 1 : 0,
      })),
    },
    {
      name: "dazzle_supervisor_ready",
      type: "gauge",
      help: "1 when /readyz answers 200.",
      samples: one(ready ? 1 : 0),
    },
    {
      name: "dazzle_supervisor_uptime_seconds",
      type: "gauge",
      unit: "seconds",
      help: "Time since the supervisor started.",
      samples: one(status.uptime_s),
    },
    {
      name: "dazzle_supervisor_generation",
      type: "gauge",
      help: "The generation of workers, one more with each reload.",
      samples: one(status.generation),
    },
    {
      name: "dazzle_supervisor_workers",
      type: "gauge",
      help: "Workers by state.",
      samples: WORKER_STATES.map((name) => ({
        labels: { state: name },
        value: workers.filter((worker) => worker.state === name).length,
      })),
    },
    {
      name: "dazzle_supervisor_worker_restarts",
      type: "counter",
      help: "Unexpected ends of workers by reason.",
      samples: byKey("reason", restarts),
    },
    {
      name: "dazzle_supervisor_reloads",
      type: "counter",
      help: "Rolling reloads by outcome.",
      samples: byKey("outcome", reloads),
    },
    {
      name: "dazzle_supervisor_budget_connections",
      type: "gauge",
      help: "Connections of the database server: its maximum, reserved, used by this supervisor and by others, and what is left.",
      samples:
        budget === null
          ? []
          : byKey("kind", {
              max: budget.max_connections,
              reserved: budget.reserved,
              ours: budget.ours,
              others: budget.others,
              available: budget.available,
            }),
    },
    {
      name: "dazzle_supervisor_revisions_pending",
      type: "gauge",
      help: "Revisions that have not been run.",
      samples: migrations === null ? [] : one(migrations.pending.length),
    },
  ];
}

function workerFamilies({ status }: SupervisorSnapshot): Family[] {
  const running = status.workers.filter(({ pid }) => pid !== null);
  const each = (value: (worker: (typeof running)[number]) => number): Sample[] =>
    running.map((worker) => ({ labels: workerLabels(worker.id), value: value(worker) }));
  return [
    {
      name: "process_uptime_seconds",
      type: "gauge",
      unit: "seconds",
      help: "Time since the worker started.",
      samples: each((worker) => worker.uptime_s),
    },
    {
      name: "process_cpu_utilization_ratio",
      type: "gauge",
      unit: "ratio",
      help: "CPU time used in the last second, of all CPUs available to the process.",
      samples: each((worker) => worker.cpu_percent / 100 / availableParallelism()),
    },
    {
      name: "process_memory_usage_bytes",
      type: "gauge",
      unit: "bytes",
      help: "Resident memory.",
      samples: [
        ...each((worker) => worker.rss_bytes),
        { labels: { worker: "primary" }, value: process.memoryUsage.rss() },
      ],
    },
    {
      name: "dazzle_supervisor_worker_active_requests",
      type: "gauge",
      help: "Requests in flight.",
      samples: each((worker) => worker.requests.in_flight),
    },
  ];
}
