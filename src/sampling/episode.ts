/**
 * One spell of exhaustion of one pool in one worker: when it is entered, when it has ended, and
 * what has happened in it. Plain data; the sentences are made in explain.ts.
 */
import { sizeNeeded } from "./advice.js";
import { exhaustion, isSaturated } from "./exhaustion.js";
import { createHistogram, merge, mergeWhole, quantile, type Histogram } from "./histogram.js";
import type { PoolReport } from "./report.js";
import { gaugesOf, isRefused, peakOf, type Gauges, type Series } from "./series.js";

/** A pool has recovered when it has not been exhausted for this long. */
const CALM_MS = 5_000;

export interface Episode {
  readonly startedAt: number;
  /** When the pool was last seen exhausted. */
  lastSeen: number;
  /** The first look since then that found it not exhausted; null while it is. */
  calmSince: number | null;
  /** When the last line was logged. */
  toldAt: number;
  /** Connections that would have sufficed, the most of any moment. */
  needed: number;
  peakWaiting: number;
  oldestWaitMs: number;
  longestHeldMs: number;
  longestHeldStack: string | null;
  /** Waits of the 10 s before and of the spell itself. */
  readonly wait: Histogram;
  /** Likewise. */
  checkouts: number;
  timeouts: number;
  /** Since the last line that was logged. */
  readonly since: { checkouts: number; timeouts: number };
}

/** What one look at a pool found. */
export type Finding = "calm" | "entered" | "going on" | "ended";

export interface Watched {
  readonly series: Series;
  episode: Episode | null;
  saturatedMs: number;
}

export function createWatched(series: Series): Watched {
  return { series, episode: null, saturatedMs: 0 };
}

/** Looks at the pool as it stands at `now`, `elapsedMs` after the last look. */
export function look(
  watched: Watched,
  now: number,
  elapsedMs: number,
  warnWaitMs: number,
): Finding {
  const { series, episode } = watched;
  const gauges = gaugesOf(series);
  const exhausted = gauges !== null && isExhausted(series, gauges, now, warnWaitMs);
  const refused = isRefused(series, now);
  if (gauges !== null && isSaturated({ ...gauges, refused })) watched.saturatedMs += elapsedMs;
  if (exhausted) {
    series.totals.exhaustedMs += elapsedMs;
    const current = episode ?? begin(series, now);
    watched.episode = current;
    follow(current, series, gauges, now);
    return episode === null ? "entered" : "going on";
  }
  if (episode === null) return "calm";
  episode.calmSince ??= now;
  return gauges === null || now - episode.lastSeen >= CALM_MS ? "ended" : "going on";
}

/** Any process of the slot: while a reload overlaps, one may be exhausted and the other idle. */
function isExhausted(series: Series, sum: Gauges, now: number, warnWaitMs: number): boolean {
  const judged = {
    refused: isRefused(series, now),
    waitP99Ms: quantile(series.judgedWait.histogram, 0.99),
    useP50Ms: quantile(series.judgedUse.histogram, 0.5) || sum.longestHeldMs,
  };
  return [...series.live.values()].some(
    (gauges) => exhaustion({ ...gauges, ...judged }, warnWaitMs) !== null,
  );
}

function begin(series: Series, now: number): Episode {
  const wait = createHistogram();
  mergeWhole(wait, series.judgedWait.histogram);
  return {
    startedAt: now,
    lastSeen: now,
    calmSince: null,
    toldAt: -Infinity,
    needed: 0,
    peakWaiting: 0,
    oldestWaitMs: 0,
    longestHeldMs: 0,
    longestHeldStack: null,
    wait,
    checkouts: wait.count,
    timeouts: 0,
    since: { checkouts: 0, timeouts: 0 },
  };
}

/** Milliseconds from the look that found it exhausted to the one that found it no longer so. */
export function lastedMs({ startedAt, lastSeen, calmSince }: Episode): number {
  return (calmSince ?? lastSeen) - startedAt;
}

/** Adds what was reported while the spell lasts, up to the report that shows its end. */
export function addToEpisode(episode: Episode, report: PoolReport): void {
  if (episode.calmSince !== null) return;
  merge(episode.wait, report.wait);
  const { checkouts, timeouts } = report;
  for (const sums of [episode, episode.since]) {
    sums.checkouts += checkouts;
    sums.timeouts += timeouts;
  }
}

function follow(episode: Episode, series: Series, gauges: Gauges, now: number): void {
  episode.lastSeen = now;
  episode.calmSince = null;
  episode.peakWaiting = Math.max(episode.peakWaiting, gauges.waiting);
  episode.oldestWaitMs = Math.max(episode.oldestWaitMs, gauges.oldestWaitMs);
  if (gauges.longestHeldMs > episode.longestHeldMs) {
    episode.longestHeldMs = gauges.longestHeldMs;
    episode.longestHeldStack = gauges.longestHeldStack;
  }
  const needed = sizeNeeded({
    arrivals: series.arrivals,
    use: series.judgedUse.histogram,
    longestHeldMs: gauges.longestHeldMs,
    peak: Math.max(peakOf(series), gauges.active + gauges.waiting),
  });
  episode.needed = Math.max(episode.needed, needed);
}
