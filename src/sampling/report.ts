/**
 * What a worker tells the primary about one pool each second: the state of the moment, and what
 * has happened since the last report. Durations only, no points in time: the two processes need
 * not agree on a clock.
 */
import { BUCKETS, type HistogramDelta } from "./histogram.js";

/** Why a connection was closed. `server`: the other side ended it or the network did. */
export const CLOSED_CAUSES = [
  "idle",
  "lifetime",
  "uses",
  "released",
  "transaction",
  "server",
  "shutdown",
] as const;

export type ClosedCause = (typeof CLOSED_CAUSES)[number];

/** A connection that has been held for longer than `leak_after`; told once. */
export interface LeakReport {
  readonly heldMs: number;
  /** Where it was taken; null when checkouts came too fast to note each. */
  readonly stack: string | null;
}

/** How far the database answers, as this pool sees it. `unknown`: nothing tried yet. */
export interface Connectivity {
  readonly state: "unknown" | "connected" | "lost";
  /** For how long, in milliseconds. */
  readonly forMs: number;
  /** What the last failed attempt said; null while connected. */
  readonly error: string | null;
}

/** Checkouts asked for, counted in slices of 50 ms of the worker's own clock. */
export interface Arrivals {
  /** Number of the first slice. */
  readonly first: number;
  readonly counts: readonly number[];
}

export interface PoolReport {
  /** `main` is the pool of `ctx`; others are named after their database, `#2` and so on apart. */
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Connections open or being opened. */
  readonly total: number;
  readonly idle: number;
  /** Connections in the application's hands. */
  readonly active: number;
  /** Callers that have asked and have nothing yet, those whose connection is being opened included. */
  readonly waiting: number;
  readonly oldestWaitMs: number;
  readonly longestHeldMs: number;
  /** Where the connection held longest was taken, once it has been held over a second. */
  readonly longestHeldStack: string | null;
  /** Most connections wanted at once (active and waiting) since the last report. */
  readonly peak: number;
  /** Counters are what was added since the last report. */
  readonly checkouts: number;
  /** Checkouts that found neither an idle connection nor room to open one. */
  readonly queued: number;
  readonly timeouts: number;
  readonly created: number;
  readonly returnedInTransaction: number;
  /** By SQLSTATE, or by the system's error code where the server never answered. */
  readonly connectErrors: Readonly<Record<string, number>>;
  readonly closed: Readonly<Record<string, number>>;
  readonly wait: HistogramDelta;
  readonly use: HistogramDelta;
  /** Time that opening a connection took. */
  readonly create: HistogramDelta;
  readonly arrivals: Arrivals;
  readonly leaks: readonly LeakReport[];
  /** Message of the last timeout, for the log; null when there was none. */
  readonly lastTimeout: string | null;
  readonly database: Connectivity;
}

/** Slice of `Arrivals`, in milliseconds. */
export const SLICE_MS = 50;

type Fields = Readonly<Record<string, unknown>>;

/** Reports as they came through the channel, or null when anything in them is amiss. */
export function parsePoolReports(value: unknown): PoolReport[] | null {
  if (!Array.isArray(value)) return null;
  const items: readonly unknown[] = value;
  const reports: PoolReport[] = [];
  for (const item of items) {
    if (!isPoolReport(item)) return null;
    reports.push(item);
  }
  return reports;
}

const NUMBERS = [
  "min",
  "max",
  "total",
  "idle",
  "active",
  "waiting",
  "oldestWaitMs",
  "longestHeldMs",
  "peak",
  "checkouts",
  "queued",
  "timeouts",
  "created",
  "returnedInTransaction",
] as const satisfies readonly (keyof PoolReport)[];

function isPoolReport(value: unknown): value is PoolReport {
  if (!isFields(value)) return false;
  return (
    typeof value["name"] === "string" &&
    NUMBERS.every((key) => isAmount(value[key])) &&
    isText(value["longestHeldStack"]) &&
    isText(value["lastTimeout"]) &&
    isCounts(value["connectErrors"]) &&
    isCounts(value["closed"]) &&
    isDelta(value["wait"]) &&
    isDelta(value["use"]) &&
    isDelta(value["create"]) &&
    isArrivals(value["arrivals"]) &&
    isLeaks(value["leaks"]) &&
    isConnectivity(value["database"])
  );
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

const isAmount = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;

const isText = (value: unknown): boolean => value === null || typeof value === "string";

const isCounts = (value: unknown): boolean =>
  isFields(value) && Object.values(value).every(isAmount);

const isAmounts = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every(isAmount);

function isDelta(value: unknown): boolean {
  if (!isFields(value)) return false;
  const buckets = value["buckets"];
  return (
    isAmount(value["count"]) &&
    isAmount(value["sum"]) &&
    isAmount(value["max"]) &&
    isAmounts(buckets) &&
    buckets.length % 2 === 0 &&
    buckets.every((entry, at) => at % 2 === 1 || (Number.isInteger(entry) && entry < BUCKETS))
  );
}

const isArrivals = (value: unknown): boolean =>
  isFields(value) && isAmount(value["first"]) && isAmounts(value["counts"]);

const isLeaks = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every(
    (leak: unknown) => isFields(leak) && isAmount(leak["heldMs"]) && isText(leak["stack"]),
  );

const isConnectivity = (value: unknown): boolean =>
  isFields(value) &&
  (value["state"] === "unknown" || value["state"] === "connected" || value["state"] === "lost") &&
  isAmount(value["forMs"]) &&
  isText(value["error"]);
