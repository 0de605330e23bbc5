/** The log lines about pools: a sentence that a person can act on, and the same figures as fields. */
import { formatDuration } from "../util/units.js";
import { withHeadroom } from "./advice.js";
import { causeOf, type Cause } from "./cause.js";
import { lastedMs, type Episode } from "./episode.js";
import { createHistogram, mergeWhole, percentiles, type Percentiles } from "./histogram.js";
import { addGauges, gaugesOf, type Gauges, type Series } from "./series.js";
import { counted } from "../util/counted.js";

export interface PoolEvent {
  readonly level: "info" | "warn" | "error";
  readonly event: "pool.exhausted" | "pool.recovered" | "pool.timeout" | "pool.leak";
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A pool of a worker in a spell of exhaustion. */
export interface Affected {
  readonly series: Series;
  readonly episode: Episode;
}

export interface AdviceLimits {
  readonly leakAfterMs: number;
  readonly now: number;
  /** The largest `pool.max` that the connection budget allows each worker; null when not known. */
  readonly largestMax: number | null;
}

const duration = (ms: number): string =>
  formatDuration(ms < 10 ? Number(ms.toPrecision(2)) : Math.round(ms));

export function rounded({ p50, p95, p99, max }: Percentiles): Percentiles {
  // Waits of less than a microsecond are not nothing.
  const round = (ms: number): number => Number(ms < 1 ? ms.toPrecision(4) : ms.toFixed(3));
  return { p50: round(p50), p95: round(p95), p99: round(p99), max: round(max) };
}

const waitsInWords = ({ p50, p95, p99, max }: Percentiles): string =>
  `p50 ${duration(p50)}, p95 ${duration(p95)}, p99 ${duration(p99)}, max ${duration(max)}`;

/** One line for all pools of one name that are exhausted at the same moment. */
export function exhaustedLine(affected: readonly Affected[], limits: AdviceLimits): PoolEvent {
  const first = affected[0];
  if (first === undefined) throw new RangeError("no pool is affected");
  const single = affected.length === 1;
  const gauges = affected.map(({ series }) => gaugesOf(series)).filter((one) => one !== null);
  const sum = gauges.reduce(addGauges);
  const wait = createHistogram();
  for (const { series } of affected) mergeWhole(wait, series.judgedWait.histogram);
  const waits = rounded(percentiles(wait));
  const slots = affected.map(({ series }) => series.slot);
  const needed = Math.max(...affected.map(({ episode }) => episode.needed));
  const worst = worstOf(affected);
  const cause = causeOf(
    worst.series,
    gaugesOf(worst.series) ?? sum,
    limits.now,
    limits.leakAfterMs,
  );
  const perWorker = Math.max(...gauges.map(({ max }) => max));
  const size = Math.max(needed, cause === "undersized" ? perWorker + 1 : 0);
  const advised = withHeadroom(size);
  const since = first.episode.toldAt === -Infinity ? null : sinceLast(affected);
  const where = single ? `worker ${slots.join()}` : `workers ${slots.join(", ")}`;
  return {
    level: "warn",
    event: "pool.exhausted",
    msg:
      `pool "${first.series.name}" of ${where} is exhausted: ${sum.active} of ${sum.max} connections in use, ` +
      `${sum.waiting} waiting, the oldest for ${duration(sum.oldestWaitMs)}; ` +
      `waits of the last 10 s ${waitsInWords(waits)}; longest held ${duration(sum.longestHeldMs)}. ` +
      (since === null ? "" : `${since.words} `) +
      adviceInWords(cause, { size, advised, perWorker, largest: limits.largestMax }),
    fields: {
      ...(single ? { worker: slots[0] } : { workers: slots }),
      pool: first.series.name,
      ...figures(sum),
      wait_ms: waits,
      cause,
      needed_max: size,
      advised_max: advised,
      budget_max: limits.largestMax,
      ...(sum.longestHeldStack === null ? {} : { longest_held_stack: sum.longestHeldStack }),
      ...(since === null ? {} : since.fields),
      ...(single ? {} : { pools: affected.map(each) }),
    },
  };
}

const figures = (gauges: Gauges): Record<string, number> => ({
  max: gauges.max,
  total: gauges.total,
  active: gauges.active,
  idle: gauges.idle,
  waiting: gauges.waiting,
  oldest_wait_ms: Math.round(gauges.oldestWaitMs),
  longest_held_ms: Math.round(gauges.longestHeldMs),
});

function each({ series, episode }: Affected): Record<string, unknown> {
  const gauges = gaugesOf(series);
  return {
    worker: series.slot,
    ...(gauges === null ? {} : figures(gauges)),
    wait_ms: rounded(percentiles(series.judgedWait.histogram)),
    needed_max: episode.needed,
  };
}

const worstOf = (affected: readonly Affected[]): Affected =>
  affected.reduce((a, b) => (b.episode.longestHeldMs > a.episode.longestHeldMs ? b : a));

function sinceLast(affected: readonly Affected[]): {
  words: string;
  fields: Record<string, number>;
} {
  const sum = (pick: (episode: Episode) => number): number =>
    affected.reduce((total, { episode }) => total + pick(episode), 0);
  const checkouts = sum(({ since }) => since.checkouts);
  const timeouts = sum(({ since }) => since.timeouts);
  const forMs = Math.max(...affected.map(({ episode }) => lastedMs(episode)));
  return {
    words: `Going on for ${duration(forMs)}, since the last line ${checkouts} checkouts, ${timeouts} timed out.`,
    fields: { duration_ms: Math.round(forMs), checkouts, timeouts },
  };
}

interface Sizes {
  readonly size: number;
  readonly advised: number;
  readonly perWorker: number;
  readonly largest: number | null;
}

function adviceInWords(cause: Cause, sizes: Sizes): string {
  switch (cause) {
    case "undersized":
      return `Likely cause: the pool is too small for the load; ${sizeInWords(sizes)}`;
    case "leak":
      return "Likely cause: a connection that is not given back; release it on every path, a larger pool only delays the next time";
    case "long-transaction":
      return "Likely cause: a transaction or query that holds its connection for much longer than the others; shorten it, or give such work a pool of its own";
    case "server-limit":
      return "Likely cause: the server refuses further connections (53300); raise max_connections or use fewer connections elsewhere";
    case "slow-database":
      return "Likely cause: the database answers more slowly than usual, so connections are held for longer; look for locks and slow queries (supervise db slow) before enlarging the pool";
    default:
      return cause satisfies never;
  }
}

function sizeInWords({ size, advised, perWorker, largest }: Sizes): string {
  const enough = `pool.max = ${size} would have sufficed (now ${perWorker})`;
  if (largest === null) return `${enough}: set pool.max to ${advised}`;
  if (advised <= largest) {
    return `${enough}: set pool.max to ${advised}, the connection budget allows up to ${largest} a worker`;
  }
  return (
    `${enough}, but the connection budget allows only ${largest} a worker: hold connections for less time, ` +
    `run fewer workers, or raise max_connections`
  );
}

/** The end of a spell. */
export function recoveredLine({ series, episode }: Affected): PoolEvent {
  const waits = rounded(percentiles(episode.wait));
  const durationMs = Math.round(lastedMs(episode));
  const { checkouts, timeouts } = episode;
  return {
    level: "info",
    event: "pool.recovered",
    msg:
      `pool "${series.name}" of worker ${series.slot} has recovered after ${duration(durationMs)}: ` +
      `${counted(checkouts, "checkout")}, ${timeouts} timed out, at most ${episode.peakWaiting} waiting; waits ${waitsInWords(waits)}`,
    fields: {
      worker: series.slot,
      pool: series.name,
      duration_ms: durationMs,
      checkouts,
      timeouts,
      peak_waiting: episode.peakWaiting,
      oldest_wait_ms: Math.round(episode.oldestWaitMs),
      longest_held_ms: Math.round(episode.longestHeldMs),
      wait_ms: waits,
      needed_max: episode.needed,
    },
  };
}

/** Checkouts that were rejected since the last such line. */
export function timeoutLine(slot: number, pool: string, count: number, message: string): PoolEvent {
  return {
    level: "error",
    event: "pool.timeout",
    msg: `${count === 1 ? "a checkout" : `${count} checkouts`} of worker ${slot} timed out: ${message}`,
    fields: { worker: slot, pool, count },
  };
}

export function leakLine(
  slot: number,
  pool: string,
  heldMs: number,
  stack: string | null,
): PoolEvent {
  const where =
    stack === null
      ? "checkouts came too fast to note where each was taken"
      : `taken ${stack.split("\n")[0]?.trim() ?? ""}`;
  return {
    level: "warn",
    event: "pool.leak",
    msg: `a connection of pool "${pool}" of worker ${slot} has been held for ${duration(heldMs)}, ${where}: release it on every path`,
    fields: { worker: slot, pool, held_ms: Math.round(heldMs), stack },
  };
}
