/**
 * The application's pool: a real `pg.Pool` that keeps `min` connections open, never exceeds `max`,
 * answers within `acquireTimeoutMs`, hands out no connection inside a transaction, gives up at once
 * while the database is lost, and ends in bounded time. Every checkout is measured.
 */
import pg from "pg";
import { sqlstateOf } from "../postgres/sqlstate.js";
import { formatDuration } from "../util/units.js";
import { createAcquireTimer, type AcquireTimer } from "./pools/acquire.js";
import { attach, noteClosing } from "./pools/instrument.js";
import { hasInternals, OWN, type PooledClient, type Release } from "./pools/internals.js";
import { createKeeper, type Keeper } from "./pools/keeper.js";
import { createMeter, type Meter } from "./pools/meter.js";
import { PoolError } from "./pools/pool-error.js";
import { register } from "./pools/registry.js";
import { clean, isClean } from "./pools/transaction.js";
import { rejectWaiting } from "./pools/waiters.js";
import { endWithin } from "./pools/end.js";

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
    connectionString: settings.url,
    application_name: settings.applicationName,
    min: settings.min,
    max: settings.max,
    idleTimeoutMillis: settings.idleTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    Client: clientWithin(settings.acquireTimeoutMs),
  };
  const pool = new pg.Pool(options);
  const meter = createMeter(settings.name ?? "main");
  attach(pool, meter, settings.onIdleError ?? (() => undefined));
  if (!hasInternals(pool)) throw new TypeError("this version of pg-pool is not supported");
  const keeper = createKeeper(pool, meter, settings);
  const timer = createAcquireTimer(pool, meter, settings.acquireTimeoutMs);
  hook(pool, meter, keeper, timer);
  register({ pool: () => pool, meter, leakAfterMs: settings.leakAfterMs });
  return {
    pool,
    warm: () => keeper.fill(),
    end: async (timeoutMs) => {
      keeper.stop();
      timer.stop();
      await endWithin(pool, timeoutMs);
    },
  };
}

/** A time limit on opening that costs no timer on checkouts of open connections, as pg-pool's would. */
function clientWithin(timeoutMs: number): new () => pg.Client {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super({ ...config, connectionTimeoutMillis: timeoutMs });
    }
  };
}

function hook(pool: pg.Pool, meter: Meter, keeper: Keeper, timer: AcquireTimer): void {
  meter.hooks = {
    refusal: () => refusal(pool, meter),
    asked: () => {
      timer.arm();
    },
    failed: () => {
      keeper.failed();
      // Those who wait would wait in vain.
      if (meter.database.state === "lost") rejectWaiting(pool, meter, lost);
    },
    release(client, release, why) {
      if (isFatal(why)) {
        release(why);
      } else if (keeper.expired(client)) {
        noteClosing(client, "lifetime");
        release(true);
      } else if (isClean(client)) {
        release();
      } else {
        void cleanUp(meter, client, release);
      }
    },
  };
}

/**
 * pg-pool closes a connection after any failed `pool.query`. A statement that the server refused
 * leaves its connection as good as before: only other errors, and `true`, close it.
 */
function isFatal(why: Error | boolean | undefined): boolean {
  if (!why) return false;
  if (why === true) return true;
  const sqlstate = sqlstateOf(why);
  const refused = "severity" in why && why.severity === "ERROR";
  return !(refused && sqlstate !== null && !CLOSING.test(sqlstate));
}

/** Connection exceptions, shutdown, and a server that has become a standby. */
const CLOSING = /^(?:08|57P|25006)/;

/** While the database is lost, nobody waits for it: the keeper finds it again. */
function refusal(pool: pg.Pool, meter: Meter): PoolError | null {
  return meter.database.state === "lost" && pool.idleCount === 0 ? lost(meter) : null;
}

function lost(meter: Meter): PoolError {
  const ago = formatDuration(Math.round(performance.now() - meter.database.since));
  return new PoolError(
    "DATABASE_LOST",
    `the database has not been reachable for ${ago} (${meter.database.error ?? "no answer"}); ` +
      `pool "${meter.name}" keeps trying to connect in the background`,
  );
}

async function cleanUp(meter: Meter, client: PooledClient, release: Release): Promise<void> {
  const { usable, dirty } = await clean(client);
  if (dirty) meter.returnedInTransaction += 1;
  if (!usable) noteClosing(client, "transaction");
  release(!usable);
}
