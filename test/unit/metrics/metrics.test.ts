import { expect, test } from "vitest";
import { renderMetrics, type SupervisorSnapshot } from "../../../src/control/metrics.js";
import { renderOpenMetrics } from "../../../src/control/openmetrics.js";
import type { Status, WorkerStatus } from "../../../src/control/protocol.js";
import { createAggregate } from "../../../src/sampling/aggregate.js";
import {
  createRuntimeTotals,
  parseRuntimeReport,
  type RuntimeReport,
} from "../../../src/sampling/runtime.js";
import { delta, report } from "../sampling/reports.js";
import { parseOpenMetrics } from "./parser.js";

const worker = (id: number): WorkerStatus => ({
  id,
  pid: 100 + id,
  state: "ready",
  generation: 1,
  uptime_s: 12.5,
  restarts: 0,
  cpu_percent: 3.2,
  rss_bytes: 50_000_000,
  event_loop_delay_ms: { p50: 0.1, p99: 4, max: 9.5 },
  requests: { total: 7, in_flight: 1, per_s: 2 },
  pools: [],
});

const runtime = (seconds: number): RuntimeReport => ({
  counters: {
    "cpu.user": seconds,
    "cpu.system": seconds / 4,
    "loop.active": seconds,
    "loop.idle": 10,
    "gc.minor.count": 3,
    "gc.minor.sum": 0.5,
    "gc.minor.0.01": 2,
    "gc.minor.1": 1,
    requests: 7,
  },
  gauges: {
    "loop.utilization": 0.25,
    ...Object.fromEntries(
      ["min", "max", "mean", "stddev", "p50", "p90", "p99"].map((key) => [`delay.${key}`, 0.002]),
    ),
  },
  heap: { new_space: { used: 1_000, size: 2_000 }, old_space: { used: 5_000, size: 9_000 } },
});

function snapshot(workers = 2): SupervisorSnapshot {
  const aggregate = createAggregate({ warnWaitMs: 1_000, leakAfterMs: 60_000 });
  for (let slot = 1; slot <= workers; slot += 1) {
    aggregate.ingest(
      slot,
      [
        report({
          checkouts: 4,
          timeouts: 1,
          wait: delta(0.5, 3, 70, 2_000),
          use: delta(10),
          connectErrors: { "53300": 2 },
          closed: { idle: 1 },
        }),
      ],
      1_000,
    );
  }
  const runtimes = createRuntimeTotals();
  for (let slot = 1; slot <= workers; slot += 1) runtimes.ingest(slot, 100 + slot, runtime(2));
  const status: Status = {
    pid: 1,
    version: "0.1.0",
    env: "production",
    state: "running",
    started_at: "2026-01-01T00:00:00.000Z",
    uptime_s: 60,
    url: null,
    generation: 1,
    workers: Array.from({ length: workers }, (_, at) => worker(at + 1)),
    pool: aggregate.snapshot("all"),
    budget: { max_connections: 100, reserved: 3, ours: 4, others: 1, available: 92 },
    migrations: { current: null, pending: [], last_applied_at: null },
    warnings: [],
  };
  return {
    status,
    pools: aggregate.series(),
    now: 1_500,
    ready: true,
    restarts: { crash: 2 },
    reloads: { done: 1, abandoned: 0 },
    runtimes: runtimes.series(),
  };
}

test("the text is OpenMetrics, with a type and a help for each family", () => {
  const families = parseOpenMetrics(renderMetrics(snapshot()));
  for (const [name, { help }] of families) expect(help, name).toMatch(/\.$/);
  const units = new Set([...families.values()].map(({ unit }) => unit));
  expect(units).toEqual(new Set([null, "seconds", "bytes", "ratio"]));
});

test("every pool metric of OpenTelemetry is there, for each worker slot and pool", () => {
  const families = parseOpenMetrics(renderMetrics(snapshot()));
  for (const [name, samples] of [
    ["db_client_connection_count", 4],
    ["db_client_connection_idle_max", 2],
    ["db_client_connection_idle_min", 2],
    ["db_client_connection_max", 2],
    ["db_client_connection_pending_requests", 2],
    ["db_client_connection_timeouts", 2],
    ["db_client_connection_create_time_seconds", 24],
    ["db_client_connection_wait_time_seconds", 24],
    ["db_client_connection_use_time_seconds", 24],
  ] as const) {
    const family = families.get(name);
    expect(family?.samples, name).toHaveLength(samples);
    for (const { labels } of family?.samples ?? []) {
      expect(labels).toMatchObject({ db_client_connection_pool_name: "main" });
      expect(["1", "2"]).toContain(labels["worker"]);
    }
  }
});

test("a wait counts in the buckets at and above it, in seconds", () => {
  const wait = parseOpenMetrics(renderMetrics(snapshot(1))).get(
    "db_client_connection_wait_time_seconds",
  );
  const buckets = wait?.samples.filter(({ name }) => name.endsWith("_bucket")) ?? [];
  expect(buckets.map(({ labels, value }) => [labels["le"], value])).toEqual([
    ["0.001", 1],
    ["0.005", 2],
    ["0.01", 2],
    ["0.05", 2],
    ["0.1", 3],
    ["0.5", 3],
    ["1.0", 3],
    ["5.0", 4],
    ["10.0", 4],
    ["+Inf", 4],
  ]);
  expect(wait?.samples.find(({ name }) => name.endsWith("_sum"))?.value).toBeCloseTo(2.0735, 6);
});

test("label values may hold anything", () => {
  const odd = 'a "quoted"\\ name\nof two lines';
  const text = renderOpenMetrics([
    { name: "odd", type: "gauge", help: odd, samples: [{ labels: { name: odd }, value: 1.5e-7 }] },
  ]);
  const family = parseOpenMetrics(text).get("odd");
  expect(family).toMatchObject({ help: odd, samples: [{ labels: { name: odd }, value: 1.5e-7 }] });
});

test("counters go on when a worker is replaced, and its state leaves", () => {
  const aggregate = createAggregate({ warnWaitMs: 1_000, leakAfterMs: 60_000 });
  aggregate.ingest(1, [report({ checkouts: 4 })], 1_000);
  aggregate.workerGone(1);
  const gone = parseOpenMetrics(renderMetrics({ ...snapshot(0), pools: aggregate.series() }));
  expect(gone.get("dazzle_supervisor_pool_checkouts")?.samples).toMatchObject([{ value: 4 }]);
  expect(gone.has("db_client_connection_count")).toBe(false);
});

test("the runtime is told under OpenTelemetry's names, with their required attributes", () => {
  const families = parseOpenMetrics(renderMetrics(snapshot(1)));
  const values = (name: string) =>
    families.get(name)?.samples.map(({ labels, value }) => [labels, value]);
  expect(values("process_cpu_time_seconds")).toEqual([
    [{ worker: "1", cpu_mode: "user" }, 2],
    [{ worker: "1", cpu_mode: "system" }, 0.5],
  ]);
  expect(values("nodejs_eventloop_time_seconds")).toEqual([
    [{ worker: "1", nodejs_eventloop_state: "active" }, 2],
    [{ worker: "1", nodejs_eventloop_state: "idle" }, 10],
  ]);
  expect(values("nodejs_eventloop_utilization_ratio")).toEqual([[{ worker: "1" }, 0.25]]);
  for (const key of ["min", "max", "mean", "stddev", "p50", "p90", "p99"]) {
    expect(values(`nodejs_eventloop_delay_${key}_seconds`)).toEqual([[{ worker: "1" }, 0.002]]);
  }
  expect(values("v8js_memory_heap_used_bytes")).toEqual([
    [{ worker: "1", v8js_heap_space_name: "new_space" }, 1_000],
    [{ worker: "1", v8js_heap_space_name: "old_space" }, 5_000],
  ]);
  const collections = families.get("v8js_gc_duration_seconds")?.samples ?? [];
  expect(collections.map(({ labels, value }) => [labels["le"] ?? "", value])).toEqual([
    ["0.01", 2],
    ["0.1", 2],
    ["1.0", 3],
    ["10.0", 3],
    ["+Inf", 3],
    ["", 3],
    ["", 0.5],
  ]);
});

test("counters of the runtime go on when a worker is replaced, also while two overlap", () => {
  const totals = createRuntimeTotals();
  totals.ingest(1, 101, runtime(2));
  totals.ingest(1, 101, runtime(3));
  totals.ingest(1, 102, runtime(1));
  totals.ingest(1, 101, runtime(4));
  totals.gone(101);
  totals.ingest(1, 102, runtime(2));
  const [slot] = totals.series();
  expect(slot?.totals.get("cpu.user")).toBe(6);
  expect(slot?.totals.get("requests")).toBe(14);
  expect(slot?.latest?.counters["cpu.user"]).toBe(2);
  totals.gone(102);
  expect(totals.series()).toMatchObject([{ slot: 1, latest: null }]);
});

test("a report of the runtime that is amiss is refused", () => {
  expect(parseRuntimeReport(runtime(1))).not.toBeNull();
  for (const amiss of [null, 1, {}, { ...runtime(1), counters: { "cpu.user": -1 } }])
    expect(parseRuntimeReport(amiss)).toBeNull();
});
