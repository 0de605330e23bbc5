/**
 * Figures of this process's Node runtime, under keys that control/metrics-runtime.ts knows. Durations
 * in seconds, as OpenTelemetry has them.
 */
import { PerformanceObserver, constants, performance } from "node:perf_hooks";
import type { IntervalHistogram } from "node:perf_hooks";
import { getHeapSpaceStatistics } from "node:v8";
import { GC_BOUNDS, type RuntimeReport } from "../sampling/runtime.js";

const GC_TYPES: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weakcb",
};

/** Counts collections by type, into `counters`. */
function watchCollections(counters: Record<string, number>): void {
  const add = (key: string, more: number): void => {
    counters[key] = (counters[key] ?? 0) + more;
  };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const detail: unknown = Reflect.get(entry, "detail");
      const kind: unknown =
        typeof detail === "object" && detail !== null ? Reflect.get(detail, "kind") : null;
      const type = typeof kind === "number" ? GC_TYPES[kind] : undefined;
      if (type === undefined) continue;
      const seconds = entry.duration / 1_000;
      add(`gc.${type}.count`, 1);
      add(`gc.${type}.sum`, seconds);
      const bound = GC_BOUNDS.find((one) => seconds <= one);
      if (bound !== undefined) add(`gc.${type}.${bound}`, 1);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
}

/**
 * Returns what makes a report. `delay` is read before the caller resets it; its values include the
 * `resolutionMs` that it waits for.
 */
export function createRuntimeFigures(
  delay: IntervalHistogram,
  resolutionMs: number,
): () => RuntimeReport {
  const collections: Record<string, number> = {};
  watchCollections(collections);
  let last = performance.eventLoopUtilization();
  const seconds = (nanoseconds: number): number =>
    delay.count > 0 ? Math.max(0, nanoseconds / 1e9 - resolutionMs / 1_000) : 0;
  return () => {
    const { user, system } = process.cpuUsage();
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return {
      counters: {
        "cpu.user": user / 1e6,
        "cpu.system": system / 1e6,
        "loop.active": now.active / 1_000,
        "loop.idle": now.idle / 1_000,
        ...collections,
      },
      gauges: {
        "loop.utilization": Number.isFinite(utilization) ? Math.max(0, utilization) : 0,
        "delay.min": seconds(delay.min),
        "delay.max": seconds(delay.max),
        "delay.mean": seconds(delay.mean),
        "delay.stddev": delay.count > 0 ? delay.stddev / 1e9 : 0,
        "delay.p50": seconds(delay.percentile(50)),
        "delay.p90": seconds(delay.percentile(90)),
        "delay.p99": seconds(delay.percentile(99)),
      },
      heap: Object.fromEntries(
        getHeapSpaceStatistics().map((space) => [
          space.space_name,
          { used: space.space_used_size, size: space.space_size },
        ]),
      ),
    };
  };
}
