/** The worker's own pool, made when it is first wanted: by a factory, or by a script that imports it. */
import { SuperviseError } from "../errors.js";
import { tellIdleErrors } from "./measure.js";
import { createWorkerPool } from "./pool.js";
import type { OwnPool, Runtime } from "./runtime.js";

/** @throws SuperviseError DATABASE_MISSING outside a supervisor without DATABASE_URL. */
export function ownPool(runtime: Runtime): OwnPool {
  runtime.own ??= createPool(runtime);
  return runtime.own;
}

/** What `pg_stat_activity` shows for a worker's connections. */
export const applicationName = ({ config, worker }: Runtime): string =>
  worker.id === 0 ? config.project.name : `${config.project.name}/worker ${worker.id}`;

function createPool(runtime: Runtime): OwnPool {
  const { pool, database } = runtime.config;
  if (database.url === null) {
    throw new SuperviseError("DATABASE_MISSING", {
      what: "there is no database to connect to",
      remedy: "set DATABASE_URL",
    });
  }
  const tell = tellIdleErrors(runtime.log);
  return createWorkerPool({
    url: database.url,
    min: pool.min,
    max: pool.max,
    acquireTimeoutMs: pool.acquireTimeoutMs,
    maxLifetimeMs: pool.maxLifetimeMs,
    idleTimeoutMs: pool.idleTimeoutMs,
    applicationName: applicationName(runtime),
    leakAfterMs: pool.leakAfterMs,
    onIdleError: (error) => tell("main", error),
  });
}
