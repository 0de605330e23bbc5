/**
 * When a worker that ended unexpectedly is replaced: at once the first time, then after delays that
 * double from BASE to CAP with up to a quarter of jitter, counted over the crashes of its slot
 * inside the restart window. With the defaults (10 in 60 s) ten restarts take some 20 s, so the limit is
 * reached inside its window.
 *
 * Workers that end by their own doing again and again share one cause. Each slot with delays of its own,
 * many of them would boot in turn without a pause, which costs the machine as much as none; so those
 * are replaced one after the other, after delays that count the crashes of all.
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

/** Share of the restart window that a crash loop's delays may take, so that its limit is reached. */
const LOOP_SHARE = 0.8;

export interface Loop {
  /** Crashes of all slots within the window, this one too. */
  readonly crashes: number;
  readonly maxRestarts: number;
  readonly windowMs: number;
  /** When the last of the replacements that are planned already is due. */
  readonly lastPlanned: number;
}

/** The same for a worker that ended by its own doing, and not for the first time. */
export function loopDelay(loop: Loop, now: number, random: number): number {
  const { crashes, maxRestarts, windowMs, lastPlanned } = loop;
  const cap = (windowMs * LOOP_SHARE) / Math.max(1, maxRestarts);
  const delay = Math.min(restartDelay(crashes, random), cap);
  return Math.round(Math.max(0, lastPlanned - now) + delay);
}

/** The times of `crashes` that still count at `now`. */
export const within = (crashes: readonly number[], windowMs: number, now: number): number[] =>
  crashes.filter((time) => time > now - windowMs);
