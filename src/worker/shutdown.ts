/** Runs the application's shutdown functions, last registered first, each with a limit. */
import type { AppLogger, ShutdownFunction } from "./runtime.js";

type Settled = "done" | "failed" | "late";

/** Waits for `work`, at most `limitMs`. */
async function bounded(work: () => unknown, limitMs: number): Promise<Settled> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), limitMs);
  });
  try {
    return await Promise.race([Promise.resolve(work()).then((): Settled => "done"), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a function is given however little time is left. */
const LEAST_MS = 500;

/**
 * Runs them all within `limitMs`, or little more. Each may use its equal share of what is then left, so
 * that one which never ends keeps none of the others from running.
 */
export async function runShutdown(
  functions: readonly ShutdownFunction[],
  limitMs: number,
  log: AppLogger,
): Promise<void> {
  const until = performance.now() + limitMs;
  for (const [index, run] of functions.toReversed().entries()) {
    const share = (until - performance.now()) / (functions.length - index);
    const limit = Math.round(Math.max(LEAST_MS, share));
    const name = run.name === "" ? "a shutdown function" : `shutdown function ${run.name}`;
    try {
      const outcome = await bounded(run, limit);
      if (outcome === "late") log.warn(`${name} did not end within ${limit} ms`);
    } catch (error) {
      log.error(`${name} failed`, { error });
    }
  }
}
