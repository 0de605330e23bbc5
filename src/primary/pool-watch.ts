/** Takes in what workers report of their pools, looks at it each second, and logs what it means. */
import type { Config } from "../config/config.js";
import type { Logger } from "../log/logger.js";
import { createAggregate, type Aggregate } from "../sampling/aggregate.js";
import { parsePoolReports } from "../sampling/report.js";
import type { WorkerHandle } from "./worker-handle.js";

const EVERY_MS = 1_000;
const SAMPLE_EVERY_MS = 60_000;

export interface PoolWatch {
  readonly aggregate: Aggregate;
  ingest(worker: WorkerHandle, reports: unknown): void;
  gone(worker: WorkerHandle): void;
  close(): void;
}

export function watchPools({ pool }: Config, log: Logger): PoolWatch {
  const aggregate = createAggregate({ warnWaitMs: pool.warnWaitMs, leakAfterMs: pool.leakAfterMs });
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
    gone: ({ slot, pid }) => aggregate.workerGone(slot, pid),
    close: () => {
      clearInterval(timer);
      clearInterval(sampler);
    },
  };
}
