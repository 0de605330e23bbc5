/** The p99 of waits second by second, for the sparkline of `status`. */

const KEPT = 30;
const EVERY_MS = 1_000;

/** Oldest first, at most half a minute. The timer keeps no process alive. */
export function rememberWaits(p99: () => number): () => readonly number[] {
  let values: number[] = [];
  setInterval(() => {
    values = [...values, p99()].slice(-KEPT);
  }, EVERY_MS).unref();
  return () => values;
}
