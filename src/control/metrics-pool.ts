/**
 * Metrics of connection pools, by worker slot and pool name: OpenTelemetry's
 * `db.client.connection.*` (semantic conventions 1.44, bounds as its histograms advise), and what
 * goes beyond them. A slot's counters go on when its worker is replaced.
 */
import type { Watched } from "../sampling/episode.js";
import { BUCKETS, middleOf, type Histogram } from "../sampling/histogram.js";
import { gaugesOf, type Gauges, type Series } from "../sampling/series.js";
import type { Family, HistogramSample, Labels, Sample } from "./openmetrics.js";
import { moreLabels, workerLabels } from "./worker-labels.js";

/** Seconds. */
const BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

interface Pool {
  readonly labels: Labels;
  readonly series: Series;
  /** Null when no process of the slot has the pool now. */
  readonly gauges: Gauges | null;
  readonly saturatedMs: number;
}

export function poolFamilies(watched: readonly Watched[], now: number): Family[] {
  const pools = watched
    .map(({ series, saturatedMs }) => ({
      labels: workerLabels(series.slot, "db_client_connection_pool_name", series.name),
      series,
      gauges: gaugesOf(series),
      saturatedMs,
    }))
    .sort((a, b) => a.series.slot - b.series.slot);
  return [...conventional(pools), ...counters(pools), ...moments(pools, now)];
}

function gauge(
  name: string,
  help: string,
  pools: readonly Pool[],
  value: (g: Gauges) => number,
): Family {
  const samples: Sample[] = [];
  for (const { labels, gauges } of pools) {
    if (gauges !== null) samples.push({ labels, value: value(gauges) });
  }
  return { name, type: "gauge", help, samples };
}

function counter(
  name: string,
  help: string,
  pools: readonly Pool[],
  value: (pool: Pool) => number,
): Family {
  const samples = pools.map((pool) => ({ labels: pool.labels, value: value(pool) }));
  return { name, type: "counter", help, samples };
}

function conventional(pools: readonly Pool[]): Family[] {
  const state = (gauges: Gauges): [string, number][] => [
    ["idle", gauges.idle],
    ["used", gauges.total - gauges.idle],
  ];
  return [
    {
      name: "db_client_connection_count",
      type: "gauge",
      help: "Connections of the pool by state.",
      samples: pools.flatMap(({ labels, gauges }) =>
        gauges === null
          ? []
          : state(gauges).map(([name, value]) => ({
              labels: moreLabels(labels, "db_client_connection_state", name),
              value,
            })),
      ),
    },
    gauge("db_client_connection_max", "Most connections allowed.", pools, (g) => g.max),
    gauge("db_client_connection_idle_max", "Most idle connections allowed.", pools, (g) => g.max),
    gauge("db_client_connection_idle_min", "Connections kept open.", pools, (g) => g.min),
    gauge(
      "db_client_connection_pending_requests",
      "Callers that wait for a connection.",
      pools,
      (g) => g.waiting,
    ),
    counter(
      "db_client_connection_timeouts",
      "Checkouts that got no connection in time.",
      pools,
      ({ series }) => series.totals.timeouts,
    ),
    histogram(
      "db_client_connection_wait_time_seconds",
      "Time from asking for a connection until it was handed over, opening one included.",
      pools,
      (series) => series.wait,
    ),
    histogram(
      "db_client_connection_use_time_seconds",
      "Time from being handed a connection until it was given back.",
      pools,
      (series) => series.use,
    ),
    histogram(
      "db_client_connection_create_time_seconds",
      "Time that opening a connection took.",
      pools,
      (series) => series.create,
    ),
  ];
}

function histogram(
  name: string,
  help: string,
  pools: readonly Pool[],
  pick: (series: Series) => Histogram,
): Family {
  const samples = pools.map(({ labels, series }) => sampleOf(labels, pick(series)));
  return { name, type: "histogram", unit: "seconds", help, bounds: BOUNDS, samples };
}

/** The first of the fine buckets whose middle lies above each bound. */
const EDGES = BOUNDS.map((bound) => {
  let bucket = 0;
  while (bucket < BUCKETS && middleOf(bucket) <= bound * 1_000) bucket += 1;
  return bucket;
});

/** Most pools open a connection seldom: what has counted nothing since the last time is as it was. */
const sampled = new WeakMap<Histogram, HistogramSample>();

function sampleOf(labels: Labels, histogram: Histogram): HistogramSample {
  const known = sampled.get(histogram);
  if (known !== undefined && known.count === histogram.count) return known;
  const sample = sampleAnew(labels, histogram);
  sampled.set(histogram, sample);
  return sample;
}

function sampleAnew(labels: Labels, { counts, sum, count }: Histogram): HistogramSample {
  const cumulative: number[] = [];
  let seen = 0;
  let bucket = 0;
  for (const edge of EDGES) {
    for (; bucket < edge; bucket += 1) seen += counts[bucket] ?? 0;
    cumulative.push(seen);
  }
  return { labels, cumulative, sum: sum / 1_000, count };
}

const PREFIX = "dazzle_supervisor_pool";

function counters(pools: readonly Pool[]): Family[] {
  return [
    counter(
      `${PREFIX}_checkouts`,
      "Connections handed over.",
      pools,
      (p) => p.series.totals.checkouts,
    ),
    counter(
      `${PREFIX}_queued`,
      "Checkouts that found neither an idle connection nor room to open one.",
      pools,
      (p) => p.series.totals.queued,
    ),
    counter(
      `${PREFIX}_connections_created`,
      "Connections opened.",
      pools,
      (p) => p.series.totals.created,
    ),
    labelled(
      `${PREFIX}_connections_closed`,
      "Connections closed, by cause.",
      "cause",
      pools,
      (s) => s.totals.closed,
    ),
    labelled(
      `${PREFIX}_connect_errors`,
      "Connections that could not be opened, by SQLSTATE or system error.",
      "code",
      pools,
      (s) => s.totals.connectErrors,
    ),
    counter(
      `${PREFIX}_returned_in_transaction`,
      "Connections given back inside a transaction.",
      pools,
      (p) => p.series.totals.returnedInTransaction,
    ),
    counter(
      `${PREFIX}_leaks`,
      "Connections held for longer than leak_after.",
      pools,
      (p) => p.series.totals.leaks,
    ),
    seconds(
      `${PREFIX}_saturated_seconds`,
      "Time with every connection in use.",
      pools,
      (p) => p.saturatedMs,
    ),
    seconds(
      `${PREFIX}_exhausted_seconds`,
      "Time exhausted: saturated with long waits.",
      pools,
      (p) => p.series.totals.exhaustedMs,
    ),
  ];
}

function labelled(
  name: string,
  help: string,
  label: string,
  pools: readonly Pool[],
  pick: (series: Series) => ReadonlyMap<string, number>,
): Family {
  const samples = pools.flatMap(({ labels, series }) =>
    [...pick(series)].map(([key, value]) => ({ labels: moreLabels(labels, label, key), value })),
  );
  return { name, type: "counter", help, samples };
}

function seconds(
  name: string,
  help: string,
  pools: readonly Pool[],
  ms: (pool: Pool) => number,
): Family {
  const samples = pools.map((pool) => ({ labels: pool.labels, value: ms(pool) / 1_000 }));
  return { name, type: "counter", unit: "seconds", help, samples };
}

function moments(pools: readonly Pool[], now: number): Family[] {
  const inSeconds = (name: string, help: string, ms: (g: Gauges) => number): Family => ({
    ...gauge(name, help, pools, (g) => ms(g) / 1_000),
    unit: "seconds",
  });
  return [
    inSeconds(
      `${PREFIX}_oldest_wait_seconds`,
      "Time that the oldest waiter has waited.",
      (g) => g.oldestWaitMs,
    ),
    inSeconds(
      `${PREFIX}_longest_held_seconds`,
      "Time that a connection has been held the longest.",
      (g) => g.longestHeldMs,
    ),
    inSeconds(`${PREFIX}_snapshot_age_seconds`, "Time since the worker reported.", (g) =>
      Math.max(0, now - g.at),
    ),
    gauge(
      `${PREFIX}_database_connected`,
      "0 while the pool cannot reach its database.",
      pools,
      (g) => (g.database.state === "lost" ? 0 : 1),
    ),
  ];
}
