/**
 * The primary's side of pool monitoring: reports of all workers in, totals that survive a worker's
 * end, the status and what is to be logged out. Constant memory: a few histograms for each pool of
 * each worker slot. A blocked worker holds nothing up: its last state is served with its age.
 */
import { addToEpisode, createWatched, look, type Watched } from "./episode.js";
import {
  exhaustedLine,
  leakLine,
  recoveredLine,
  rounded,
  timeoutLine,
  type Affected,
  type PoolEvent,
} from "./explain.js";
import { createHistogram, mergeWhole, percentiles, type Percentiles } from "./histogram.js";
import type { Connectivity, LeakReport, PoolReport } from "./report.js";
import {
  addGauges,
  addReport,
  age,
  createSeries,
  gaugesFrom,
  gaugesOf,
  type Gauges,
  type Series,
} from "./series.js";

export interface AggregateSettings {
  readonly warnWaitMs: number;
  readonly leakAfterMs: number;
}

/** The state and history of pools, as `status --json` shows it. */
export interface PoolSummary {
  min: number;
  max: number;
  total: number;
  idle: number;
  active: number;
  waiting: number;
  oldest_wait_ms: number;
  longest_held_ms: number;
  /** Of all waits since the supervisor started, ended workers' included. */
  wait_ms: Percentiles;
  /** Of the waits of the last 60 s. */
  recent_wait_ms: Percentiles;
  checkouts: number;
  timeouts: number;
  /** How long ago the worker reported. */
  age_ms: number;
}

export interface PoolSnapshot extends PoolSummary {
  name: string;
}

export interface Aggregate {
  /**
   * Takes in what a worker reported. `process` tells apart the processes that share a slot while a
   * reload overlaps, for example the pid; default: the slot has one.
   */
  ingest(slot: number, reports: readonly PoolReport[], now: number, process?: number): void;
  /** The worker has ended: its state goes, its totals stay. */
  workerGone(slot: number, process?: number): void;
  /** Looks at every pool; call it each second. Returns what is to be logged. */
  tick(now: number): PoolEvent[];
  snapshot(slot: number): PoolSnapshot[];
  snapshot(slot: "all"): PoolSummary;
  /** Connections that the pools have open. */
  open(): number;
  /** Of all waits of the last 10 s. */
  latestWaits(): Percentiles;
  /** `lost` while any worker's pool cannot reach its database. */
  database(): Connectivity;
  /** The largest `pool.max` that the connection budget allows each worker; null when not known. */
  setLargestMax(largest: number | null): void;
  /** For metrics. */
  series(): readonly Watched[];
}

/** A pool that goes on being exhausted is told of again after this long, and so are time-outs. */
const REPEAT_MS = 30_000;

interface Pending {
  timeouts: number;
  lastTimeout: string;
  /** When the last time-out line was logged. */
  toldAt: number;
  leaks: LeakReport[];
}

export function createAggregate(settings: AggregateSettings): Aggregate {
  const all = new Map<string, Watched>();
  const pending = new Map<Watched, Pending>();
  let largestMax: number | null = null;
  let lastLook: number | null = null;
  let clock = 0;

  const watchedOf = (slot: number, name: string): Watched => {
    const key = `${slot} ${name}`;
    const known = all.get(key) ?? createWatched(createSeries(slot, name));
    all.set(key, known);
    return known;
  };

  const ofSlot = (slot: number): Watched[] =>
    [...all.values()].filter(({ series }) => series.slot === slot);

  const note = (watched: Watched, report: PoolReport): void => {
    if (report.timeouts === 0 && report.leaks.length === 0) return;
    const noted = pending.get(watched) ?? {
      timeouts: 0,
      lastTimeout: "",
      toldAt: -Infinity,
      leaks: [],
    };
    noted.timeouts += report.timeouts;
    noted.lastTimeout = report.lastTimeout ?? noted.lastTimeout;
    noted.leaks.push(...report.leaks);
    pending.set(watched, noted);
  };

  const lines = (now: number, elapsedMs: number): PoolEvent[] => {
    const told: PoolEvent[] = [];
    const affected = new Map<string, Affected[]>();
    for (const watched of all.values()) {
      age(watched.series, now);
      const finding = look(watched, now, elapsedMs, settings.warnWaitMs);
      const { series, episode } = watched;
      if (episode === null || finding === "calm") continue;
      if (finding === "ended") {
        told.push(recoveredLine({ series, episode }));
        watched.episode = null;
      } else if (episode.lastSeen === now && now - episode.toldAt >= REPEAT_MS) {
        affected.set(series.name, [...(affected.get(series.name) ?? []), { series, episode }]);
      }
    }
    for (const group of affected.values()) {
      told.push(exhaustedLine(group, { leakAfterMs: settings.leakAfterMs, now, largestMax }));
      for (const { episode } of group) {
        episode.toldAt = now;
        Object.assign(episode.since, { checkouts: 0, timeouts: 0 });
      }
    }
    return told;
  };

  const pendingLines = (now: number): PoolEvent[] => {
    const told: PoolEvent[] = [];
    for (const [{ series }, noted] of pending) {
      const { slot, name } = series;
      for (const { heldMs, stack } of noted.leaks) told.push(leakLine(slot, name, heldMs, stack));
      noted.leaks = [];
      if (noted.timeouts > 0 && now - noted.toldAt >= REPEAT_MS) {
        told.push(timeoutLine(slot, name, noted.timeouts, noted.lastTimeout));
        noted.timeouts = 0;
        noted.toldAt = now;
      }
    }
    return told;
  };

  function snapshot(slot: number): PoolSnapshot[];
  function snapshot(slot: "all"): PoolSummary;
  function snapshot(slot: number | "all"): PoolSnapshot[] | PoolSummary {
    if (slot === "all")
      return summarise(
        [...all.values()].map(({ series }) => series),
        clock,
      );
    return ofSlot(slot)
      .filter(({ series }) => series.live.size > 0)
      .map(({ series }) => ({ name: series.name, ...summarise([series], clock) }));
  }

  return {
    ingest(slot, reports, now, process = slot) {
      clock = Math.max(clock, now);
      for (const { series } of ofSlot(slot)) series.live.delete(process);
      for (const report of reports) {
        const watched = watchedOf(slot, report.name);
        addReport(watched.series, report, now);
        if (watched.episode !== null) addToEpisode(watched.episode, report);
        note(watched, report);
        // A pool that has ended reports once more, of size 0.
        if (report.max === 0) continue;
        const gauges = gaugesFrom(report, now);
        const other = watched.series.live.get(process);
        watched.series.live.set(process, other === undefined ? gauges : addGauges(other, gauges));
      }
    },
    workerGone(slot, process = slot) {
      for (const { series } of ofSlot(slot)) series.live.delete(process);
    },
    tick(now) {
      clock = Math.max(clock, now);
      const elapsedMs = lastLook === null ? 0 : now - lastLook;
      lastLook = now;
      return [...lines(now, elapsedMs), ...pendingLines(now)];
    },
    snapshot,
    open() {
      let total = 0;
      for (const { series } of all.values()) total += gaugesOf(series)?.total ?? 0;
      return total;
    },
    latestWaits() {
      const waits = createHistogram();
      for (const { series } of all.values()) mergeWhole(waits, series.judgedWait.histogram);
      return rounded(percentiles(waits));
    },
    database() {
      const states = [...all.values()].flatMap(({ series }) =>
        [...series.live.values()].map(({ database }) => database),
      );
      const lost = states.filter(({ state }) => state === "lost");
      const telling = lost.length > 0 ? lost : states.filter(({ state }) => state === "connected");
      return telling.reduce<Connectivity>(
        (longest, one) => (one.forMs > longest.forMs ? one : longest),
        telling[0] ?? { state: "unknown", forMs: 0, error: null },
      );
    },
    setLargestMax(largest) {
      largestMax = largest;
    },
    series: () => [...all.values()],
  };
}

const NO_GAUGES: Omit<Gauges, "at" | "database" | "longestHeldStack"> = {
  min: 0,
  max: 0,
  total: 0,
  idle: 0,
  active: 0,
  waiting: 0,
  oldestWaitMs: 0,
  longestHeldMs: 0,
};

function summarise(series: readonly Series[], now: number): PoolSummary {
  const present = series.map(gaugesOf).filter((one) => one !== null);
  const sum = present.length === 0 ? null : present.reduce(addGauges);
  const { min, max, total, idle, active, waiting, oldestWaitMs, longestHeldMs } = sum ?? NO_GAUGES;
  const wait = createHistogram();
  const recent = createHistogram();
  for (const one of series) {
    mergeWhole(wait, one.wait);
    mergeWhole(recent, one.recentWait.histogram);
  }
  return {
    min,
    max,
    total,
    idle,
    active,
    waiting,
    oldest_wait_ms: Math.round(oldestWaitMs),
    longest_held_ms: Math.round(longestHeldMs),
    wait_ms: rounded(percentiles(wait)),
    recent_wait_ms: rounded(percentiles(recent)),
    checkouts: series.reduce((count, { totals }) => count + totals.checkouts, 0),
    timeouts: series.reduce((count, { totals }) => count + totals.timeouts, 0),
    age_ms: sum === null ? 0 : Math.max(0, Math.round(now - sum.at)),
  };
}
