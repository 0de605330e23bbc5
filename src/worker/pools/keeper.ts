/**
 * Keeps a pool between its bounds: opens what is missing to `min`, replaces connections that have
 * lived long enough, and finds a lost database again. It works through pg-pool's own opening and
 * closing of single connections, so that `max` holds for its connections as for any other.
 *
 * It does not touch connections in the application's hands.
 */
import { connectFailed, noteClosing, openingOf } from "./instrument.js";
import type { PooledClient, PoolInternals } from "./internals.js";
import type { Meter } from "./meter.js";

/** First pause after a failed attempt, doubled up to the longest: a database is found again soon. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
/** A connection lives between 80 % and all of `maxLifetimeMs`, so that they don't end together. */
const LIFETIME_JITTER = 0.2;

export interface KeeperSettings {
  readonly min: number;
  /** 0: for ever. */
  readonly maxLifetimeMs: number;
}

export interface Keeper {
  /** Opens what is missing to `min`; rejects with the first failure. */
  fill(): Promise<void>;
  /** Looks whether connections are missing, and opens them in the background. */
  check(): void;
  /** True when the connection has lived long enough. */
  expired(client: PooledClient): boolean;
  /** An attempt to open a connection failed, whoever made it. */
  failed(): void;
  stop(): void;
}

export function createKeeper(pool: PoolInternals, meter: Meter, settings: KeeperSettings): Keeper {
  const deadlines = new WeakMap<object, number>();
  let failures = 0;
  let retry: NodeJS.Timeout | null = null;
  let stopped = false;

  const missing = (): number => {
    // A lost database is looked for even where nothing is to be kept open.
    const wanted = meter.database.state === "lost" ? 1 : settings.min;
    const room = pool.options.max - pool.totalCount;
    return stopped || pool.ending ? 0 : Math.min(wanted - pool.totalCount, room);
  };

  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      pool.newClient({
        callback: (error, client, release) => {
          if (error || client === undefined) {
            reject(error ?? new Error("no connection"));
            return;
          }
          release();
          resolve();
        },
      });
    });

  const attempt = async (): Promise<void> => {
    try {
      await open();
    } catch (error) {
      connectFailed(meter, error instanceof Error ? error : new Error(String(error)));
    }
  };

  const check = (): void => {
    if (retry !== null || missing() <= 0) return;
    if (failures > 0) {
      later();
      return;
    }
    for (let count = missing(); count > 0; count -= 1) void attempt();
  };

  const later = (): void => {
    if (retry !== null || stopped) return;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    retry = setTimeout(
      () => {
        retry = null;
        if (missing() > 0) void attempt();
      },
      pause * (0.5 + Math.random() / 2),
    ).unref();
  };

  pool.on("connect", (client) => {
    failures = 0;
    if (retry !== null) clearTimeout(retry);
    retry = null;
    if (settings.maxLifetimeMs > 0) {
      const life = settings.maxLifetimeMs * (1 - LIFETIME_JITTER * Math.random());
      deadlines.set(client, (openingOf(client) ?? performance.now()) + life);
    }
    // Once the first connection stands again the others follow.
    queueMicrotask(check);
  });
  pool.on("remove", check);

  const expired = (client: PooledClient): boolean =>
    performance.now() >= (deadlines.get(client) ?? Infinity);

  // One at a time: a replacement is opened before the next old one goes.
  const retire = (): void => {
    const item = pool._idle.find(({ client }) => expired(client));
    if (item === undefined || pool.ending) return;
    noteClosing(item.client, "lifetime");
    pool._remove(item.client);
  };
  const sweep =
    settings.maxLifetimeMs > 0
      ? setInterval(retire, Math.max(20, Math.min(1_000, settings.maxLifetimeMs / 20))).unref()
      : null;

  return {
    async fill() {
      const attempts: Promise<void>[] = [];
      for (let count = missing(); count > 0; count -= 1) attempts.push(open());
      await Promise.all(attempts);
    },
    check,
    expired,
    failed() {
      failures += 1;
      if (meter.database.state === "lost" || missing() > 0) later();
    },
    stop() {
      stopped = true;
      if (retry !== null) clearTimeout(retry);
      retry = null;
      if (sweep !== null) clearInterval(sweep);
    },
  };
}
