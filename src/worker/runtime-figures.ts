/**
 * Figures of this process's Node runtime, under keys that control/metrics-runtime.ts knows. Durations
 * in seconds, as OpenTelemetry has them.
 */
import { PerformanceObserver, constants, performance } from "node:perf_hooks";
import { getHeapSpaceStatistics } from "node:v8";
import { GC_BOUNDS, type RuntimeReport } from "../sampling/runtime.js";
import type { DelayFigures } from "./loop-delay.js";

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

/** Returns what makes a report with this delay of the event loop. */
export function createRuntimeFigures(): (delay: DelayFigures) => RuntimeReport {
  const collections: Record<string, number> = {};
  watchCollections(collections);
  let last = performance.eventLoopUtilization();
  return (delay) => {
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
        ...Object.fromEntries(
          Object.entries(delay).map(([name, ms]: [string, number]) => [
            `delay.${name}`,
            ms / 1_000,
          ]),
        ),
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
