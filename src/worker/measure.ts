/** The worker's side of pool monitoring: reports of every pool, the application's own ones included. */
import type { PoolReport } from "../sampling/report.js";
import { warmForeign, watchForeign, type ForeignSettings } from "./pools/foreign.js";
import { collect } from "./pools/registry.js";

export { tellIdleErrors } from "./pools/idle-errors.js";

/** One report for each pool of the process: counters since the last call, gauges of the moment. */
export function collectPoolReports(): PoolReport[] {
  return collect(performance.now());
}

/**
 * Measures and sizes pools that the application makes from its own copy of pg, from now on: call it
 * before the application is loaded. Returns what undoes it for pools made later.
 */
export function instrumentForeignPools(settings: ForeignSettings): () => void {
  return watchForeign(settings);
}

/**
 * Resolves when the application's pool that is held at `min` has reached it, or has failed to: that
 * is counted, and tried again in the background.
 */
export function warmForeignPools(): Promise<void> {
  return warmForeign();
}
