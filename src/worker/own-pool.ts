/** The worker's own pool, made when it is first wanted: by a factory, or by a script that imports it. */
import pg from "pg";
import { SuperviseError } from "../errors.js";
import type { OwnPool, Runtime } from "./runtime.js";

export function ownPool(runtime: Runtime): OwnPool {
  runtime.own ??= createPool(runtime);
  return runtime.own;
}

function createPool({ config, worker }: Runtime): OwnPool {
  const { pool: sizes, project, database } = config;
  if (database.url === null) {
    throw new SuperviseError("DATABASE_MISSING", {
      what: "there is no database to connect to",
      remedy: "set DATABASE_URL",
    });
  }
  const pool = new pg.Pool({
    connectionString: database.url,
    application_name: `${project.name}/worker ${worker.id}`,
    min: sizes.min,
    max: sizes.max,
    connectionTimeoutMillis: sizes.acquireTimeoutMs,
    idleTimeoutMillis: sizes.idleTimeoutMs,
  });
  pool.on("error", () => undefined);
  return {
    pool,
    warm: async () => {
      const clients = await Promise.all(Array.from({ length: sizes.min }, () => pool.connect()));
      for (const client of clients) client.release();
    },
    end: () => pool.end(),
  };
}
