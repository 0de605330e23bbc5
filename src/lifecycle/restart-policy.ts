/**
 * When a worker that ended unexpectedly is replaced: at once the first time, then after delays that
 * double from BASE to CAP with up to a quarter of jitter, counted over the crashes of its slot
 * inside the restart window. With the defaults (10 in 60 s) ten restarts take some 20 s, so the limit is
 * reached inside its window.
 */
const BASE_MS = 100;
const CAP_MS = 5_000;

/**
 * Milliseconds to wait before replacing a worker.
 * `crashes` counts this one too; `random` is in [0, 1).
 */
export function restartDelay(crashes: number, random: number): number {
  if (crashes <= 1) return 0;
  const delay = Math.min(CAP_MS, BASE_MS * 2 ** (crashes - 2));
  return Math.round(delay * (1 + random / 4));
}

/** The times of `crashes` that still count at `now`. */
export const within = (crashes: readonly number[], windowMs: number, now: number): number[] =>
  crashes.filter((time) => time > now - windowMs);
