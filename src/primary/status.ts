/** The `status --json` document and readiness, from the state and the handles. */
import { productVersion } from "../config/version.js";
import type { Outline, Status, Warning, WorkerStatus } from "../control/protocol.js";
import { isReady, overall, wanted, type State, type Worker } from "../lifecycle/state.js";
import type { FigureReader } from "./figures.js";
import type { Supervisor } from "./supervisor.js";
import type { WorkerHandle } from "./worker-handle.js";

export interface StatusInput {
  readonly supervisor: Supervisor;
  readonly figures: FigureReader;
  readonly startedAt: Date;
  readonly warnings: () => readonly Warning[];
  readonly budget: () => Status["budget"];
  readonly migrations: () => Status["migrations"];
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

export function statusOf(input: StatusInput): Status {
  const { aggregate } = input.supervisor.pools;
  const { workers, budget, migrations, warnings, ...head } = outlineOf(input);
  return {
    ...head,
    workers: workers.map((worker) => ({ ...worker, pools: aggregate.snapshot(worker.id) })),
    pool: aggregate.snapshot("all"),
    budget,
    migrations,
    warnings,
  };
}

export function outlineOf(input: StatusInput): Outline {
  const { supervisor, startedAt } = input;
  const state = supervisor.loop.state();
  const { env } = supervisor.release().config;
  const present = state.workers.filter((worker) => worker.slot > 0);
  const rows = present.map((worker) => workerStatus(input, state, worker));
  const vacant = state.slots
    .filter((slot) => !present.some((worker) => worker.slot === slot.id))
    .map((slot) => vacantSlot(slot.id, slot.restarts, state.generation));
  return {
    pid: process.pid,
    version: productVersion(),
    env,
    state: overall(state),
    started_at: startedAt.toISOString(),
    uptime_s: seconds(Date.now() - startedAt.getTime()),
    url: supervisor.url(),
    generation: state.generation,
    workers: [...rows, ...vacant].sort((a, b) => a.id - b.id),
    budget: input.budget(),
    migrations: input.migrations(),
    warnings: [...input.warnings()],
  };
}

function workerStatus(
  { supervisor, figures }: StatusInput,
  state: State,
  worker: Worker,
): Omit<WorkerStatus, "pools"> {
  const handle = supervisor.handles.get(worker.key);
  const { rssBytes, cpuPercent } = figures.read(handle?.pid ?? 0);
  const stats = handle?.stats;
  return {
    id: worker.slot,
    pid: handle?.pid ?? null,
    state: worker.state === "spare" ? "starting" : worker.state,
    generation: worker.generation,
    uptime_s: seconds(Date.now() - (handle?.startedAt ?? Date.now())),
    restarts: state.slots.find((slot) => slot.id === worker.slot)?.restarts ?? 0,
    cpu_percent: cpuPercent,
    rss_bytes: rssBytes,
    event_loop_delay_ms: delayOf(supervisor, handle),
    requests: {
      total: stats?.total ?? 0,
      in_flight: stats?.inFlight ?? 0,
      per_s: stats?.perSecond ?? 0,
    },
  };
}

/**
 * The percentiles are of the last second. The maximum covers 30 seconds at least, so that who looks now and
 * then sees each block.
 */
function delayOf(
  { pools }: Pick<Supervisor, "pools">,
  handle: WorkerHandle | undefined,
): WorkerStatus["event_loop_delay_ms"] {
  if (handle === undefined) return { p50: 0, p99: 0, max: 0 };
  const { p50, p99, max } = handle.stats.loop;
  return { p50, p99, max: Math.max(max, Math.round(pools.longestDelay(handle) * 100) / 100) };
}

const vacantSlot = (
  id: number,
  restarts: number,
  generation: number,
): Omit<WorkerStatus, "pools"> => ({
  id,
  pid: null,
  state: "backoff",
  generation,
  uptime_s: 0,
  restarts,
  cpu_percent: 0,
  rss_bytes: 0,
  event_loop_delay_ms: { p50: 0, p99: 0, max: 0 },
  requests: { total: 0, in_flight: 0, per_s: 0 },
});

export function readinessOf(
  state: State,
  database: "unknown" | "connected" | "lost",
): { ready: boolean; reason: string } {
  if (state.phase === "starting") return { ready: false, reason: "starting" };
  if (state.phase !== "running") return { ready: false, reason: "draining" };
  if (database === "lost") return { ready: false, reason: "the database can't be reached" };
  const ready = state.slots.filter((slot) => isReady(state, slot.id)).length;
  const serving = state.slots.flatMap((slot) => wanted(state, slot.id)).length;
  if (ready > 0) return { ready: true, reason: `${ready} of ${state.slots.length} workers ready` };
  return { ready: false, reason: serving > 0 ? "no worker is ready" : "no worker runs" };
}
