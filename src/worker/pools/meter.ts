/**
 * What is known of one pool: who waits, who holds, and counters since the last report. Plain data
 * and what takes a report out of it; nothing here touches the pool or the database. What each
 * checkout does to it is in passage.ts.
 */
import { createHistogram, take } from "../../sampling/histogram.js";
import type { Arrivals, ClosedCause, LeakReport } from "../../sampling/report.js";
import { createList } from "./checkout.js";
import { performance } from "./clock.js";
import type { Meter } from "./shapes.js";
import { advance, SLICES, SLICES_PER_MS } from "./slices.js";

/** Distinct error codes kept apart, so that labels can't grow without bound. */
const MAX_CODES = 24;

export function createMeter(name: string): Meter {
  const now = performance.now();
  return {
    name,
    waiting: createList(),
    held: createList(),
    spare: null,
    spares: 0,
    handingAt: 0,
    wait: createHistogram(),
    use: createHistogram(),
    create: createHistogram(),
    slices: new Uint32Array(SLICES),
    slice: Math.floor(now * SLICES_PER_MS),
    unreported: Math.floor(now * SLICES_PER_MS),
    peak: 0,
    checkouts: 0,
    queued: 0,
    timeouts: 0,
    lastTimeout: null,
    created: 0,
    returnedInTransaction: 0,
    connectErrors: new Map(),
    closed: new Map(),
    leaks: [],
    refusal: null,
    open: 0,
    database: { state: "unknown", since: now, error: null },
  };
}

export function countConnectError(meter: Meter, code: string): void {
  const known = meter.connectErrors.has(code) || meter.connectErrors.size < MAX_CODES;
  const key = known ? code : "other";
  meter.connectErrors.set(key, (meter.connectErrors.get(key) ?? 0) + 1);
}

export function countClosed(meter: Meter, cause: ClosedCause): void {
  meter.closed.set(cause, (meter.closed.get(cause) ?? 0) + 1);
}

/** Notes how the database answers; `since` moves only when the state changes. */
export function setDatabase(
  meter: Meter,
  state: "connected" | "lost",
  error: string | null = null,
): void {
  if (meter.database.state !== state) meter.database.since = performance.now();
  meter.database.state = state;
  meter.database.error = error;
}

/** Arrivals since the last call; the slice that is still filling is left for the next. */
export function takeArrivals(meter: Meter, now: number): Arrivals {
  const slice = Math.floor(now * SLICES_PER_MS);
  if (slice !== meter.slice) advance(meter, slice);
  const first = Math.max(meter.unreported, slice - SLICES + 1);
  const counts: number[] = [];
  for (let at = first; at < slice; at += 1) counts.push(meter.slices[at & (SLICES - 1)] ?? 0);
  meter.unreported = slice;
  return { first, counts };
}

/** The counters since the last call, and starts them again from nothing. */
export function takeCounters(meter: Meter): {
  peak: number;
  checkouts: number;
  queued: number;
  timeouts: number;
  lastTimeout: string | null;
  created: number;
  returnedInTransaction: number;
  connectErrors: Record<string, number>;
  closed: Record<string, number>;
  leaks: LeakReport[];
  wait: ReturnType<typeof take>;
  use: ReturnType<typeof take>;
  create: ReturnType<typeof take>;
} {
  const counters = {
    peak: meter.peak,
    checkouts: meter.checkouts,
    queued: meter.queued,
    timeouts: meter.timeouts,
    lastTimeout: meter.lastTimeout,
    created: meter.created,
    returnedInTransaction: meter.returnedInTransaction,
    connectErrors: Object.fromEntries(meter.connectErrors),
    closed: Object.fromEntries(meter.closed),
    leaks: meter.leaks,
    wait: take(meter.wait),
    use: take(meter.use),
    create: take(meter.create),
  };
  meter.peak = meter.waiting.size + meter.held.size;
  meter.checkouts = 0;
  meter.queued = 0;
  meter.timeouts = 0;
  meter.lastTimeout = null;
  meter.created = 0;
  meter.returnedInTransaction = 0;
  meter.connectErrors = new Map();
  meter.closed = new Map();
  meter.leaks = [];
  return counters;
}
