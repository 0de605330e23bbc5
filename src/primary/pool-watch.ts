/** Takes in what workers report of their pools and their runtime, looks at it each second, and logs what it means. */
import type { Config } from "../config/config.js";
import type { Logger } from "../log/logger.js";
import { createAggregate, type Aggregate } from "../sampling/aggregate.js";
import { parsePoolReports } from "../sampling/report.js";
import {
  createRuntimeTotals,
  parseRuntimeReport,
  type RuntimeSeries,
} from "../sampling/runtime.js";
import type { WorkerHandle } from "./worker-handle.js";

const EVERY_MS = 1_000;
const SAMPLE_EVERY_MS = 60_000;

export interface PoolWatch {
  readonly aggregate: Aggregate;
  ingest(worker: WorkerHandle, reports: unknown): void;
  /** Takes in what a worker reports of its runtime, and how many requests it has begun. */
  runtime(worker: WorkerHandle, report: unknown, requests: number): void;
  runtimes(): readonly RuntimeSeries[];
  /** The longest delay of its event loop in the last 30 to 60 seconds, in milliseconds; 0 when nothing is known. */
  longestDelay(worker: WorkerHandle): number;
  gone(worker: WorkerHandle): void;
  close(): void;
}

export function watchPools({ pool }: Config, log: Logger): PoolWatch {
  const aggregate = createAggregate({ warnWaitMs: pool.warnWaitMs, leakAfterMs: pool.leakAfterMs });
  const runtimes = createRuntimeTotals();
  let database = aggregate.database().state;

  /** Once each, however many pools of however many workers notice. */
  const tellDatabase = (): void => {
    const now = aggregate.database();
    if (now.state === database || now.state === "unknown") return;
    if (now.state === "lost") {
      log.event("error", "database.lost", "the database can't be reached; workers keep trying", {
        error: now.error,
      });
    } else if (database === "lost") {
      log.event("info", "database.connected", "the database is back", {});
    }
    database = now.state;
  };

  const timer = setInterval(() => {
    for (const { level, event, msg, fields } of aggregate.tick(performance.now())) {
      log.event(level, event, msg, fields);
    }
    tellDatabase();
  }, EVERY_MS);
  const sampler = setInterval(() => {
    log.event("debug", "pool.sample", "all workers' pools", { ...aggregate.snapshot("all") });
  }, SAMPLE_EVERY_MS);

  return {
    aggregate,
    ingest: ({ slot, pid }, reports) => {
      const parsed = parsePoolReports(reports);
      if (parsed !== null) aggregate.ingest(slot, parsed, performance.now(), pid);
    },
    runtime: ({ slot, pid }, report, requests) => {
      const parsed = parseRuntimeReport(report);
      if (parsed === null) return;
      runtimes.ingest(slot, pid, { ...parsed, counters: { ...parsed.counters, requests } });
    },
    runtimes: () => runtimes.series(),
    longestDelay: ({ pid }) => (runtimes.latest(pid)?.gauges["delay.max"] ?? 0) * 1_000,
    gone: ({ slot, pid }) => {
      aggregate.workerGone(slot, pid);
      runtimes.gone(pid);
    },
    close: () => {
      clearInterval(timer);
      clearInterval(sampler);
    },
  };
}
