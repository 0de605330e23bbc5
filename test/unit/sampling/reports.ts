/** Reports as a worker would send them. */
import {
  createHistogram,
  record,
  take,
  type HistogramDelta,
} from "../../../src/sampling/histogram.js";
import type { PoolReport } from "../../../src/sampling/report.js";

export function delta(...durations: number[]): HistogramDelta {
  const histogram = createHistogram();
  for (const ms of durations) record(histogram, ms);
  return take(histogram);
}

/** A pool of two connections, both idle, that nothing has happened to. */
export function report(fields: Partial<PoolReport> = {}): PoolReport {
  return {
    name: "main",
    min: 1,
    max: 2,
    total: 2,
    idle: 2,
    active: 0,
    waiting: 0,
    oldestWaitMs: 0,
    longestHeldMs: 0,
    longestHeldStack: null,
    peak: 0,
    checkouts: 0,
    queued: 0,
    timeouts: 0,
    lastTimeout: null,
    created: 0,
    returnedInTransaction: 0,
    connectErrors: {},
    closed: {},
    wait: delta(),
    use: delta(),
    create: delta(),
    arrivals: { first: 0, counts: [] },
    leaks: [],
    database: { state: "connected", forMs: 1_000, error: null },
    ...fields,
  };
}
