/** Every measured pool of the process, and the reports of what happened since the last ones. */
import type { PoolReport } from "../../sampling/report.js";
import { each } from "./checkout.js";
import { takeArrivals, takeCounters } from "./meter.js";
import { MEASURED, type Meter, type Pool } from "./shapes.js";
import { framesOf, missSites } from "./site.js";

export interface Registered {
  readonly meter: Meter;
  /** Null once the application has dropped it without ending it. */
  pool(): Pool | null;
  /** A connection held for longer is told once; 0 never. */
  readonly leakAfterMs: number;
}

/** Where the connection held longest was taken is worth telling after this time. */
const SLOW_HOLD_MS = 1_000;

const pools = new Set<Registered>();

/** Includes a pool in reports from now on, until it has ended or been dropped and said so once. */
export function register(entry: Registered): void {
  pools.add(entry);
}

export function registeredNames(): Set<string> {
  return new Set([...pools].map(({ meter }) => meter.name));
}

/** One report for each pool: counters since the last call, and the state of the moment. */
export function collect(now: number): PoolReport[] {
  const reports: PoolReport[] = [];
  missSites([...pools].some(({ meter }) => isMissing(meter, now)));
  for (const entry of pools) {
    const pool = entry.pool();
    if (pool !== null && !pool.ending) pool[MEASURED]?.vigil.look(now);
    reports.push(reportOf(entry, pool, now));
    if (pool === null || (pool.ended && entry.meter.open === 0)) pools.delete(entry);
  }
  return reports;
}

/** True when a connection has been held for long and nobody knows who took it. */
function isMissing({ held }: Meter, now: number): boolean {
  for (const { heldSince, site, query } of each(held)) {
    if (now - heldSince < SLOW_HOLD_MS) return false;
    if (site === null && !query) return true;
  }
  return false;
}

function reportOf(entry: Registered, pool: Pool | null, now: number): PoolReport {
  const { meter } = entry;
  tellLeaks(entry, now);
  const oldest = meter.waiting.oldest;
  const longest = meter.held.oldest;
  const longestHeldMs = longest === null ? 0 : now - longest.heldSince;
  const gone = pool === null || pool.ended;
  return {
    name: meter.name,
    min: gone ? 0 : Math.min(pool.options.min ?? 0, pool.options.max),
    max: gone ? 0 : pool.options.max,
    total: gone ? 0 : pool.totalCount,
    idle: gone ? 0 : pool.idleCount,
    active: meter.held.size,
    waiting: meter.waiting.size,
    oldestWaitMs: oldest === null ? 0 : now - oldest.askedAt,
    longestHeldMs,
    longestHeldStack: longestHeldMs > SLOW_HOLD_MS ? framesOf(longest?.site ?? null) : null,
    ...takeCounters(meter),
    arrivals: takeArrivals(meter, now),
    database: {
      state: meter.database.state,
      forMs: now - meter.database.since,
      error: meter.database.error,
    },
  };
}

function tellLeaks({ meter, leakAfterMs }: Registered, now: number): void {
  if (leakAfterMs <= 0) return;
  for (const checkout of each(meter.held)) {
    // Oldest first: those behind are held for less time.
    if (now - checkout.heldSince < leakAfterMs) return;
    if (!checkout.leakTold) {
      checkout.leakTold = true;
      meter.leaks.push({ heldMs: now - checkout.heldSince, stack: framesOf(checkout.site) });
    }
  }
}
