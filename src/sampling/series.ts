/**
 * What the primary keeps of one pool name in one worker slot: totals that survive the worker's end,
 * the last state of each process in the slot (two while a reload overlaps), and recent windows.
 */
import { createHistogram, merge, type Histogram } from "./histogram.js";
import type { Connectivity, PoolReport } from "./report.js";
import { addToWindow, createWindow, expire, type Window } from "./window.js";

/** The span that exhaustion is judged on. */
const JUDGED_MS = 10_000;
/** The span that `recent` in the status covers. */
const RECENT_MS = 60_000;
const TOO_MANY_CONNECTIONS = "53300";
/** Slices of arrivals kept: 10 s. */
const SLICES = 200;

export interface Totals {
  checkouts: number;
  queued: number;
  timeouts: number;
  created: number;
  returnedInTransaction: number;
  leaks: number;
  exhaustedMs: number;
  readonly connectErrors: Map<string, number>;
  readonly closed: Map<string, number>;
}

export interface Series {
  readonly slot: number;
  readonly name: string;
  /** The last state of each process, by its key. */
  readonly live: Map<number, Gauges>;
  readonly totals: Totals;
  /** Since the supervisor started. */
  readonly wait: Histogram;
  readonly use: Histogram;
  readonly create: Histogram;
  readonly recentWait: Window;
  readonly judgedWait: Window;
  readonly judgedUse: Window;
  /** When the server last said that it has no connection left (53300). */
  refusedAt: number;
  /** Arrivals of the last 10 s by slice, oldest first. */
  arrivals: number[];
  /** Peaks of the reports of the last 10 s. */
  peaks: { at: number; peak: number }[];
}

export function createSeries(slot: number, name: string): Series {
  return {
    slot,
    name,
    live: new Map(),
    totals: {
      checkouts: 0,
      queued: 0,
      timeouts: 0,
      created: 0,
      returnedInTransaction: 0,
      leaks: 0,
      exhaustedMs: 0,
      connectErrors: new Map(),
      closed: new Map(),
    },
    wait: createHistogram(),
    use: createHistogram(),
    create: createHistogram(),
    recentWait: createWindow(RECENT_MS),
    judgedWait: createWindow(JUDGED_MS),
    judgedUse: createWindow(JUDGED_MS),
    refusedAt: -Infinity,
    arrivals: [],
    peaks: [],
  };
}

/** Adds what a report counted; its state of the moment is the caller's to keep. */
export function addReport(series: Series, report: PoolReport, now: number): void {
  const { totals } = series;
  totals.checkouts += report.checkouts;
  totals.queued += report.queued;
  totals.timeouts += report.timeouts;
  totals.created += report.created;
  totals.returnedInTransaction += report.returnedInTransaction;
  totals.leaks += report.leaks.length;
  addCounts(totals.connectErrors, report.connectErrors);
  addCounts(totals.closed, report.closed);
  if (TOO_MANY_CONNECTIONS in report.connectErrors) series.refusedAt = now;
  merge(series.wait, report.wait);
  merge(series.use, report.use);
  merge(series.create, report.create);
  addToWindow(series.recentWait, now, report.wait);
  addToWindow(series.judgedWait, now, report.wait);
  addToWindow(series.judgedUse, now, report.use);
  series.arrivals = [...series.arrivals, ...report.arrivals.counts].slice(-SLICES);
  series.peaks.push({ at: now, peak: report.peak });
  age(series, now);
}

/** Forgets what has left the windows. */
export function age(series: Series, now: number): void {
  expire(series.recentWait, now);
  expire(series.judgedWait, now);
  expire(series.judgedUse, now);
  while (series.peaks[0] !== undefined && now - series.peaks[0].at >= JUDGED_MS) {
    series.peaks.shift();
  }
}

/** True when the server has refused connections in the last 10 s. */
export const isRefused = (series: Series, now: number): boolean =>
  now - series.refusedAt < JUDGED_MS;

export const peakOf = (series: Series): number =>
  series.peaks.reduce((highest, { peak }) => Math.max(highest, peak), 0);

/** Distinct codes kept apart, so that metrics can't grow without bound. */
const MAX_CODES = 32;

function addCounts(into: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [code, count] of Object.entries(counts)) {
    const key = into.has(code) || into.size < MAX_CODES ? code : "other";
    into.set(key, (into.get(key) ?? 0) + count);
  }
}

/** The state of a moment. */
export interface Gauges {
  min: number;
  max: number;
  total: number;
  idle: number;
  active: number;
  waiting: number;
  oldestWaitMs: number;
  longestHeldMs: number;
  longestHeldStack: string | null;
  database: Connectivity;
  /** When the (oldest) report came. */
  at: number;
}

export function gaugesFrom(report: PoolReport, at: number): Gauges {
  const { min, max, total, idle, active, waiting, database } = report;
  const { oldestWaitMs, longestHeldMs, longestHeldStack } = report;
  const held = { oldestWaitMs, longestHeldMs, longestHeldStack };
  return { min, max, total, idle, active, waiting, database, ...held, at };
}

/** The slot's processes together; null when there is none. */
export function gaugesOf(series: Series): Gauges | null {
  let sum: Gauges | null = null;
  for (const gauges of series.live.values()) sum = sum === null ? gauges : addGauges(sum, gauges);
  return sum;
}

export function addGauges(a: Gauges, b: Gauges): Gauges {
  const longest = a.longestHeldMs >= b.longestHeldMs ? a : b;
  return {
    min: a.min + b.min,
    max: a.max + b.max,
    total: a.total + b.total,
    idle: a.idle + b.idle,
    active: a.active + b.active,
    waiting: a.waiting + b.waiting,
    oldestWaitMs: Math.max(a.oldestWaitMs, b.oldestWaitMs),
    longestHeldMs: longest.longestHeldMs,
    longestHeldStack: longest.longestHeldStack,
    database: b.database.state === "lost" ? b.database : a.database,
    at: Math.min(a.at, b.at),
  };
}
