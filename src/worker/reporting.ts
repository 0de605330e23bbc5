/** What a worker tells the primary each second once it is ready: event loop, requests, pools. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Channel } from "./channel.js";
import { collectPoolReports } from "./measure.js";
import { createRuntimeFigures } from "./runtime-figures.js";
import type { Traffic } from "./traffic.js";

const EVERY_MS = 1_000;
/** How often the loop's delay is sampled. A recorded value includes this wait. */
const RESOLUTION_MS = 20;

/** Often enough for a hang to be noticed within half a second of `hang_timeout`. */
const beatEveryMs = (hangTimeoutMs: number): number =>
  Math.min(500, Math.max(50, Math.round(hangTimeoutMs / 4)));

export function startReporting(channel: Channel, traffic: Traffic, hangTimeoutMs: number): void {
  setInterval(() => void channel.send({ type: "beat" }), beatEveryMs(hangTimeoutMs)).unref();
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const figures = createRuntimeFigures(histogram, RESOLUTION_MS);
  const delay = (nanoseconds: number): number =>
    Math.max(0, Math.round(nanoseconds / 1e4) / 100 - RESOLUTION_MS);
  const report = (): void => {
    void channel.send({ type: "pools", reports: collectPoolReports() });
    const loop =
      histogram.count === 0
        ? { p50: 0, p99: 0, max: 0 }
        : {
            p50: delay(histogram.percentile(50)),
            p99: delay(histogram.percentile(99)),
            max: delay(histogram.max),
          };
    const runtime = figures();
    histogram.reset();
    void channel.send({
      type: "stats",
      loop,
      requests: { total: traffic.total(), inFlight: traffic.inFlight() },
      runtime,
    });
  };
  report();
  setInterval(report, EVERY_MS).unref();
}
