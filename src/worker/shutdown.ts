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

export async function runShutdown(
  functions: readonly ShutdownFunction[],
  limitMs: number,
  log: AppLogger,
): Promise<void> {
  for (const run of functions.toReversed()) {
    const name = run.name === "" ? "a shutdown function" : `shutdown function ${run.name}`;
    try {
      const outcome = await bounded(run, limitMs);
      if (outcome === "late") log.warn(`${name} did not end within ${limitMs} ms`);
    } catch (error) {
      log.error(`${name} failed`, { error });
    }
  }
}
