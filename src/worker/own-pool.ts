/** The worker's own pool, made when it is first wanted: by a factory, or by a script that imports it. */
import { forgetNavigator } from "../util/lean-pg.js";
import pg from "pg";
import { SuperviseError } from "../errors.js";
import { applicationName } from "./application-name.js";
import { tellIdleErrors } from "./measure.js";
import { createWorkerPool } from "./pool.js";
import type { OwnPool, Runtime } from "./runtime.js";

// The driver is loaded, with the modules above.
forgetNavigator();

/** Made once; outside a supervisor without DATABASE_URL each use of it is rejected with DATABASE_MISSING. */
export function ownPool(runtime: Runtime): OwnPool {
  runtime.own ??= createPool(runtime);
  return runtime.own;
}

function createPool(runtime: Runtime): OwnPool {
  const { pool, database } = runtime.config;
  if (database.url === null) return poolWithoutDatabase();
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
    // Outside a supervisor: a one-off script ends when its work is done.
    allowExit: runtime.worker.id === 0 && runtime.worker.generation === 0,
    onIdleError: (error) => tell("main", error),
  });
}

/** An import of something else than the pool is no reason to fail; a use of the pool is. */
function poolWithoutDatabase(): OwnPool {
  class Unconfigured extends pg.Client {
    override connect(): Promise<pg.Client>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<pg.Client> | undefined {
      const missing = new SuperviseError("DATABASE_MISSING", {
        what: "there is no database to connect to",
        remedy: "set DATABASE_URL",
      });
      if (callback === undefined) return Promise.reject(missing);
      process.nextTick(callback, missing);
      return undefined;
    }
  }
  const pool = new pg.Pool({ Client: Unconfigured });
  return { pool, warm: () => Promise.resolve(), end: () => pool.end() };
}
