/**
 * The application's pool: a real `pg.Pool` that keeps `min` connections open, never exceeds `max`,
 * answers within `acquireTimeoutMs`, hands out no connection inside a transaction, gives up at once
 * while the database is lost, and ends in bounded time. Every checkout is measured.
 */
import pg from "pg";
import { connectionString } from "../postgres/url.js";
import { endWithin } from "./pools/end.js";
import { isPool } from "./pools/internals.js";
import { OWN } from "./pools/shapes.js";
import { measure } from "./pools/measured.js";
import { register } from "./pools/registry.js";

/** Silence after which the operating system asks whether the server is still there. */
const KEEP_ALIVE_MS = 10_000;

export interface WorkerPoolSettings {
  readonly url: string;
  readonly min: number;
  readonly max: number;
  /** Time to get a connection in, opening one included; 0 waits for ever. */
  readonly acquireTimeoutMs: number;
  /** A connection is replaced after 80 % to all of this time; 0 keeps it for ever. */
  readonly maxLifetimeMs: number;
  /** An idle connection beyond `min` is closed after this time; 0 keeps it. */
  readonly idleTimeoutMs: number;
  readonly applicationName: string;
  /** A connection held for longer is told once as a leak; 0 never. */
  readonly leakAfterMs: number;
  /** Idle connections do not keep the process alive. Default: they do. */
  readonly allowExit?: boolean;
  /** Name in reports and metrics. Default: `main`. */
  readonly name?: string;
  /** Hears of idle connections that the server or the network ended. Default: nobody. */
  readonly onIdleError?: (error: Error) => void;
}

export interface WorkerPool {
  readonly pool: pg.Pool;
  /** Opens `min` connections; rejects when the database does not let them in. */
  warm(): Promise<void>;
  /** Rejects who waits, waits for connections in use, and destroys those still out at the end. */
  end(timeoutMs: number): Promise<void>;
}

/** Opens nothing until `warm` or the first checkout. */
export function createWorkerPool(settings: WorkerPoolSettings): WorkerPool {
  const options: pg.PoolConfig & { [OWN]: true } = {
    [OWN]: true,
    connectionString: connectionString(settings.url),
    application_name: settings.applicationName,
    min: settings.min,
    max: settings.max,
    idleTimeoutMillis: settings.idleTimeoutMs,
    allowExitOnIdle: settings.allowExit ?? false,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
  const pool = new pg.Pool(options);
  if (!isPool(pool)) throw new TypeError("this version of pg-pool is not supported");
  const measured = measure(pool, {
    ...settings,
    name: settings.name ?? "main",
    ownLimit: false,
    careful: true,
    onIdleError: settings.onIdleError ?? (() => undefined),
  });
  const { meter, keeper, timer } = measured;
  register({ pool: () => pool, meter, leakAfterMs: settings.leakAfterMs });
  return {
    pool,
    warm: () => keeper.fill(),
    end: async (timeoutMs) => {
      keeper.stop();
      await endWithin(measured, timeoutMs);
      timer.stop();
    },
  };
}
