/**
 * Keeps a pool between its bounds: opens what is missing to `min`, replaces connections that have
 * lived long enough, and finds a lost database again. It works through pg-pool's own opening and
 * closing of single connections, so that `max` holds for its connections as for any other.
 *
 * It does not touch connections in the application's hands.
 */
import { noteClosing, openingOf } from "./lives.js";
import type { Keeper, Meter, Pool } from "./shapes.js";

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

/** `failure` hears of every attempt that failed. */
export function createKeeper(
  pool: Pool,
  meter: Meter,
  settings: KeeperSettings,
  failure: (error: Error) => void,
): Keeper {
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

  /** Attempts under way. */
  const openings = new Set<Promise<void>>();

  const attempt = (): void => {
    const opening = open();
    openings.add(opening);
    const settled = (): boolean => openings.delete(opening);
    opening.then(settled, (error: unknown) => {
      settled();
      failure(error instanceof Error ? error : new Error(String(error)));
    });
  };

  const check = (): void => {
    if (retry !== null || missing() <= 0) return;
    if (failures > 0) {
      later();
      return;
    }
    for (let count = missing(); count > 0; count -= 1) attempt();
  };

  const later = (): void => {
    if (retry !== null || stopped) return;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    retry = setTimeout(
      () => {
        retry = null;
        if (missing() > 0) attempt();
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

  const isDue = (client: object): boolean =>
    performance.now() >= (deadlines.get(client) ?? Infinity);

  // Idle ones go one at a time: the place of one is filled again before the next goes. pg-pool closes
  // those in use when they are given back.
  const retire = (): void => {
    if (pool.ending) return;
    const idle = new Set(pool._idle.map(({ client }) => client));
    for (const client of pool._clients) {
      if (!isDue(client)) continue;
      noteClosing(client, "lifetime");
      if (!idle.has(client)) pool._expired?.add(client);
      else {
        pool._remove(client);
        return;
      }
    }
  };
  const sweep =
    settings.maxLifetimeMs > 0
      ? setInterval(retire, Math.max(20, Math.min(1_000, settings.maxLifetimeMs / 20))).unref()
      : null;

  return {
    async fill() {
      for (let count = missing(); count > 0; count -= 1) attempt();
      await Promise.all(openings);
    },
    check,
    failed() {
      failures += 1;
      if (missing() > 0) later();
    },
    stop() {
      stopped = true;
      if (retry !== null) clearTimeout(retry);
      retry = null;
      if (sweep !== null) clearInterval(sweep);
    },
  };
}
