/** What a worker tells the primary each second once it is ready: event loop, requests, pools. */
import { onStuck } from "../ipc/stuck.js";
import type { Channel } from "./channel.js";
import { createDelayMeter } from "./loop-delay.js";
import { collectPoolReports } from "./measure.js";
import { createRuntimeFigures } from "./runtime-figures.js";
import type { Traffic } from "./traffic.js";

const EVERY_MS = 1_000;
/** How often the loop's delay is looked at. */
const LOOK_EVERY_MS = 20;

/** Often enough for a hang to be noticed within half a second of `hang_timeout`. */
const beatEveryMs = (hangTimeoutMs: number): number =>
  Math.min(500, Math.max(50, Math.round(hangTimeoutMs / 4)));

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

export function startReporting(channel: Channel, traffic: Traffic, hangTimeoutMs: number): void {
  setInterval(() => void channel.send({ type: "beat" }), beatEveryMs(hangTimeoutMs)).unref();
  const meter = createDelayMeter(LOOK_EVERY_MS, () => performance.now());
  setInterval(() => meter.look(), LOOK_EVERY_MS).unref();
  const figures = createRuntimeFigures();
  const report = (): void => {
    void channel.send({ type: "pools", reports: collectPoolReports() });
    const { p50, p99, max } = meter.recent();
    void channel.send({
      type: "stats",
      loop: { p50: rounded(p50), p99: rounded(p99), max: rounded(max) },
      requests: { total: traffic.total(), inFlight: traffic.inFlight() },
      runtime: figures(meter.lasting()),
    });
  };
  report();
  setInterval(report, EVERY_MS).unref();
  // Its timers fire no more then, but what it serves can still be counted.
  onStuck(report);
}
