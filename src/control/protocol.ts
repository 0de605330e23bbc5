/**
 * What the control socket says and accepts: the `status --json` document of the contract, the
 * results of commands, and the one interface through which the server reaches the supervisor.
 */

export type SupervisorState = "starting" | "running" | "reloading" | "degraded" | "draining";
export type WorkerState = "starting" | "ready" | "draining" | "stopping" | "backoff";

export interface WaitMilliseconds {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface PoolStatus {
  name: string;
  min: number;
  max: number;
  total: number;
  idle: number;
  waiting: number;
  wait_ms: WaitMilliseconds;
  checkouts: number;
  timeouts: number;
}

export interface WorkerStatus {
  /** Slot 1..N, reused after a restart. */
  id: number;
  /** Null while the slot waits in backoff. */
  pid: number | null;
  state: WorkerState;
  generation: number;
  uptime_s: number;
  restarts: number;
  cpu_percent: number;
  rss_bytes: number;
  event_loop_delay_ms: { p50: number; p99: number; max: number };
  requests: { total: number; in_flight: number; per_s: number };
  pools: PoolStatus[];
}

export interface BudgetStatus {
  max_connections: number;
  reserved: number;
  ours: number;
  others: number;
  available: number;
}

export interface MigrationsStatus {
  current: string | null;
  pending: string[];
  last_applied_at: string | null;
}

export interface Warning {
  time: string;
  event: string;
  msg: string;
}

/** `supervise status --json` and `GET /status`. */
export interface Status {
  pid: number;
  version: string;
  env: string;
  state: SupervisorState;
  started_at: string;
  uptime_s: number;
  /** Null until the first worker listens. */
  url: string | null;
  generation: number;
  workers: WorkerStatus[];
  /** The workers' pools, summed. */
  pool: Omit<PoolStatus, "name">;
  /** The p99 of the last 10 s of waits in ms, a value each second, newest last; at most half a minute. */
  waits?: readonly number[];
  /** Null until the budget has been read. */
  budget: BudgetStatus | null;
  /** Null when there is no database. */
  migrations: MigrationsStatus | null;
  /** The most recent ones, oldest first. */
  warnings: Warning[];
}

/** The status without its pools, which have to be added up for it. */
export interface Outline extends Omit<Status, "workers" | "pool" | "waits"> {
  workers: Omit<WorkerStatus, "pools">[];
}

export interface ReloadResult {
  outcome: "done" | "abandoned";
  /** Why it was abandoned; null when it was not. */
  reason: string | null;
  generation: number;
  duration_ms: number;
}

export interface ScaleResult {
  from: number;
  to: number;
}

/** The supervisor as its control server sees it. */
export interface ControlTarget {
  status(): Status;
  readiness(): { ready: boolean; reason: string };
  /** OpenMetrics text, ready to serve. */
  metrics(): string;
  /** Settles when the reload has ended, either way. A reload during one is queued. */
  reload(options: { parallel?: number }): Promise<ReloadResult>;
  /** Settles when the workers wanted are ready, or the surplus ones gone. */
  scale(workers: number): Promise<ScaleResult>;
  /** Begins a graceful stop. */
  stop(): void;
}
