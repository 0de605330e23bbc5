/**
 * Metrics of the workers' Node runtime, by worker slot: OpenTelemetry's `nodejs.*`, `v8js.*` and
 * `process.cpu.time` (semantic conventions 1.44). Counters go on when a worker is replaced.
 */
import { GC_BOUNDS, type RuntimeSeries } from "../sampling/runtime.js";
import type { Family, HistogramSample, Sample } from "./openmetrics.js";
import { workerLabels } from "./worker-labels.js";

export function runtimeFamilies(series: readonly RuntimeSeries[]): Family[] {
  return [
    total(series, "process_cpu_time_seconds", "CPU time used by mode.", "cpu_mode", {
      user: "cpu.user",
      system: "cpu.system",
    }),
    ...DELAYS.map(([key, help]): Family => ({
      name: `nodejs_eventloop_delay_${key}_seconds`,
      type: "gauge",
      unit: "seconds",
      help: `${help} of the event loop in the last 30 to 60 seconds.`,
      samples: gauges(series, `delay.${key}`),
    })),
    {
      name: "nodejs_eventloop_utilization_ratio",
      type: "gauge",
      unit: "ratio",
      help: "Share of the last second that the event loop was not idle.",
      samples: gauges(series, "loop.utilization"),
    },
    total(
      series,
      "nodejs_eventloop_time_seconds",
      "Time of the event loop by state.",
      "nodejs_eventloop_state",
      { active: "loop.active", idle: "loop.idle" },
    ),
    heap(series, "v8js_memory_heap_used_bytes", "JavaScript heap in use by space.", "used"),
    heap(series, "v8js_memory_heap_space_size_bytes", "JavaScript heap by space.", "size"),
    {
      name: "v8js_gc_duration_seconds",
      type: "histogram",
      unit: "seconds",
      help: "Garbage collections by type.",
      bounds: GC_BOUNDS,
      samples: series.flatMap(collections),
    },
    {
      name: "dazzle_supervisor_worker_requests",
      type: "counter",
      help: "Requests begun.",
      samples: series.map(({ slot, totals }) => ({
        labels: workerLabels(slot),
        value: totals.get("requests") ?? 0,
      })),
    },
  ];
}

const DELAYS = [
  ["min", "Shortest delay"],
  ["max", "Longest delay"],
  ["mean", "Mean delay"],
  ["stddev", "Standard deviation of the delay"],
  ["p50", "Median delay"],
  ["p90", "90th percentile of the delay"],
  ["p99", "99th percentile of the delay"],
] as const;

const GC_TYPES = ["major", "minor", "incremental", "weakcb"];

function gauges(series: readonly RuntimeSeries[], key: string): Sample[] {
  return series.flatMap(({ slot, latest }) => {
    const value = latest?.gauges[key];
    return value === undefined ? [] : [{ labels: workerLabels(slot), value }];
  });
}

/** `states`: the label's values and the counters that they stand for. */
function total(
  series: readonly RuntimeSeries[],
  name: string,
  help: string,
  label: string,
  states: Readonly<Record<string, string>>,
): Family {
  const samples = series.flatMap(({ slot, totals }) =>
    Object.entries(states).map(([state, key]) => ({
      labels: workerLabels(slot, label, state),
      value: totals.get(key) ?? 0,
    })),
  );
  return { name, type: "counter", unit: "seconds", help, samples };
}

function heap(
  series: readonly RuntimeSeries[],
  name: string,
  help: string,
  figure: "used" | "size",
): Family {
  const samples = series.flatMap(({ slot, latest }) =>
    Object.entries(latest?.heap ?? {}).map(([space, bytes]) => ({
      labels: workerLabels(slot, "v8js_heap_space_name", space),
      value: bytes[figure],
    })),
  );
  return { name, type: "gauge", unit: "bytes", help, samples };
}

function collections({ slot, totals }: RuntimeSeries): HistogramSample[] {
  return GC_TYPES.flatMap((type) => {
    const count = totals.get(`gc.${type}.count`) ?? 0;
    if (count === 0) return [];
    let seen = 0;
    const cumulative = GC_BOUNDS.map((bound) => (seen += totals.get(`gc.${type}.${bound}`) ?? 0));
    const sum = totals.get(`gc.${type}.sum`) ?? 0;
    return [{ labels: workerLabels(slot, "v8js_gc_type", type), cumulative, sum, count }];
  });
}
