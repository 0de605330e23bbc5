/**
 * What is known of one pool: who waits, who holds, and counters since the last report. Plain data
 * and the functions that change it; nothing here touches the pool or the database.
 *
 * Every checkout passes `ask`, `handOver` and `giveBack`: together they may cost 0.2 microseconds,
 * so they allocate one object, read the clock three times and write to arrays.
 */
// The global of the same name is a getter, which costs as much as the clock.
import { performance } from "node:perf_hooks";
import { createHistogram, record, take } from "../../sampling/histogram.js";
import {
  SLICE_MS,
  type Arrivals,
  type ClosedCause,
  type LeakReport,
} from "../../sampling/report.js";
import { append, Checkout, createList, remove } from "./checkout.js";
import type { Checkout as CheckoutShape, CheckoutOwner, ConnectCallback, Meter } from "./shapes.js";
import { noteSite } from "./site.js";

/** Arrivals are kept for this many slices of 50 ms: 12.8 s, well over the second between reports. */
const SLICES = 256;
const SLICES_PER_MS = 1 / SLICE_MS;
/** Distinct error codes kept apart, so that labels can't grow without bound. */
const MAX_CODES = 24;

export function createMeter(name: string): Meter {
  const now = performance.now();
  return {
    name,
    waiting: createList(),
    held: createList(),
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
    open: 0,
    database: { state: "unknown", since: now, error: null },
  };
}

/** A caller asks for a connection. */
export function ask(meter: Meter, owner: CheckoutOwner, caller: ConnectCallback): CheckoutShape {
  const now = performance.now();
  const checkout = new Checkout(owner, caller, now, noteSite(now));
  append(meter.waiting, checkout);
  const wanted = meter.waiting.size + meter.held.size;
  if (wanted > meter.peak) meter.peak = wanted;
  const slice = Math.floor(now * SLICES_PER_MS);
  if (slice !== meter.slice) advance(meter, slice);
  const at = slice & (SLICES - 1);
  meter.slices[at] = (meter.slices[at] ?? 0) + 1;
  return checkout;
}

/** The caller gets its connection. */
export function handOver(meter: Meter, checkout: CheckoutShape): void {
  const now = performance.now();
  remove(meter.waiting, checkout);
  checkout.state = "held";
  checkout.heldSince = now;
  append(meter.held, checkout);
  record(meter.wait, now - checkout.askedAt);
  meter.checkouts += 1;
}

/** The caller gives its connection back. */
export function giveBack(meter: Meter, checkout: CheckoutShape): void {
  remove(meter.held, checkout);
  checkout.state = "done";
  record(meter.use, performance.now() - checkout.heldSince);
}

/** The caller gets nothing: an error, a time-out, the pool's end. */
export function giveUp(meter: Meter, checkout: CheckoutShape): void {
  remove(meter.waiting, checkout);
  checkout.state = "done";
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

// The ring holds the last SLICES slices: those skipped since the last arrival are cleared.
function advance(meter: Meter, slice: number): void {
  const from = Math.max(meter.slice + 1, slice - SLICES + 1);
  for (let at = from; at <= slice; at += 1) meter.slices[at & (SLICES - 1)] = 0;
  meter.slice = slice;
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
