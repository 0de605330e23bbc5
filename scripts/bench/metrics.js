// What pool monitoring costs the primary: 16 workers report once a second and every pool is looked at;
// and what a scrape of /metrics costs beside that. CPU milliseconds, under the supervisor's own settings of
// V8; reading sockets and /proc is not in it.
import "../../dist/primary/lean-heap.js";
import { renderMetrics } from "../../dist/control/metrics.js";
import { createAggregate } from "../../dist/sampling/aggregate.js";
import { createHistogram, record, take } from "../../dist/sampling/histogram.js";
import { createRuntimeTotals } from "../../dist/sampling/runtime.js";
import { medianOf } from "./lib-report.js";

const WORKERS = 16;
const SECONDS = 100;
const ROUNDS = 7;

/** 500 durations of up to 50 ms. */
function delta() {
  const histogram = createHistogram();
  for (let count = 0; count < 500; count += 1) record(histogram, Math.random() * 50);
  return take(histogram);
}

const report = () => ({
  ...{ name: "main", min: 5, max: 20, total: 20, idle: 3, active: 17, waiting: 4 },
  ...{ oldestWaitMs: 12, longestHeldMs: 40, longestHeldStack: null, peak: 30 },
  ...{ checkouts: 500, queued: 40, timeouts: 0, lastTimeout: null, created: 0 },
  ...{ returnedInTransaction: 0, connectErrors: { 53300: 1 }, closed: { idle: 1 } },
  ...{ wait: delta(), use: delta(), create: delta(), leaks: [] },
  arrivals: { first: 0, counts: new Array(20).fill(25) },
  database: { state: /** @type {const} */ ("connected"), forMs: 1_000, error: null },
});

/** @param {number} id */
const worker = (id) => ({
  ...{ id, pid: 1_000 + id, state: /** @type {const} */ ("ready"), generation: 1, uptime_s: 10 },
  ...{ restarts: 0, cpu_percent: 30, rss_bytes: 9e7 },
  event_loop_delay_ms: { p50: 0.1, p99: 2, max: 9 },
  requests: { total: 1_000, in_flight: 3, per_s: 500 },
});

export default function run() {
  const aggregate = createAggregate({ warnWaitMs: 1_000, leakAfterMs: 60_000 });
  const runtimes = createRuntimeTotals();
  const spaces = ["new", "old", "code", "large_object", "new_large_object", "read_only", "shared"];
  const figures = ["loop.utilization"].concat(
    ["min", "max", "mean", "stddev", "p50", "p90", "p99"].map((key) => `delay.${key}`),
  );
  /** @param {number} at */
  const runtime = (at) => ({
    counters: { "cpu.user": at, "cpu.system": at, "loop.active": at, "gc.minor.count": at },
    gauges: Object.fromEntries(figures.map((key) => [key, Math.random()])),
    heap: Object.fromEntries(spaces.map((space) => [`${space}_space`, { used: at, size: at }])),
  });
  const reports = Array.from({ length: 60 }, report);
  const slots = Array.from({ length: WORKERS }, (_, at) => at + 1);
  let now = 0;
  let bytes = 0;
  const look = () => {
    now += 1_000;
    for (const slot of slots) {
      const sent = reports[(now / 1_000 + slot) % reports.length];
      if (sent !== undefined) aggregate.ingest(slot, [sent], now);
      runtimes.ingest(slot, 1_000 + slot, runtime(now));
    }
    aggregate.tick(now);
  };
  const scrape = () => {
    const text = renderMetrics({
      status: {
        ...{ pid: 1, version: "0", env: "production", state: "running", started_at: "" },
        ...{ uptime_s: 1, url: null, generation: 1, budget: null, migrations: null, warnings: [] },
        workers: slots.map(worker),
      },
      ...{ pools: aggregate.series(), now, ready: true, restarts: {} },
      reloads: { done: 0, abandoned: 0 },
      runtimes: runtimes.series(),
    });
    bytes = text.length;
  };
  const taken = { look: /** @type {number[]} */ ([]), scrape: /** @type {number[]} */ ([]) };
  for (let round = -1; round < ROUNDS; round += 1) {
    const spent = { look: 0, scrape: 0 };
    for (let count = 0; count < SECONDS; count += 1) {
      spent.look += cpuOf(look);
      spent.scrape += cpuOf(scrape);
    }
    // The first round warms up.
    if (round < 0) continue;
    taken.look.push(spent.look / SECONDS);
    taken.scrape.push(spent.scrape / SECONDS);
  }
  for (const [what, figures] of Object.entries(taken)) {
    console.log(
      `${WORKERS} workers, one ${what} a second: ${medianOf(figures).toFixed(2)} ms CPU ` +
        `(${Math.min(...figures).toFixed(2)} to ${Math.max(...figures).toFixed(2)}), ` +
        `${(medianOf(figures) / 10).toFixed(2)} % of a core`,
    );
  }
  console.log(`${Math.round(bytes / 1_000)} kB of text`);
}

/** Milliseconds. @param {() => void} work */
function cpuOf(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
