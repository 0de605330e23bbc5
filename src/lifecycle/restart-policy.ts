/**
 * When a worker that ended unexpectedly is replaced: at once the first time, then after delays that
 * double from BASE to CAP with up to a quarter of jitter, counted over the crashes of its slot
 * inside the restart window.
 *
 * Workers that end by their own doing again and again share one cause. Each slot with delays of its own,
 * many of them would boot in turn without a pause, which costs the machine as much as none; so those
 * are replaced one after the other, after delays that count the crashes of all and go on doubling: with the
 * defaults (10 in 60 s) they spread ten boots over some 50 s, of which each costs a few tenths of a second
 * of CPU, and still leave the limit to be reached inside its window.
 */
const BASE_MS = 100;
const CAP_MS = 5_000;

/**
 * Milliseconds to wait before replacing a worker.
 * `crashes` counts this one too; `random` is in [0, 1).
 */
export function restartDelay(crashes: number, random: number): number {
  return Math.min(CAP_MS * (1 + random / 4), doubled(crashes, random));
}

/** Nothing, BASE, twice BASE ..., with jitter. */
function doubled(crashes: number, random: number): number {
  return crashes <= 1 ? 0 : Math.round(BASE_MS * 2 ** (crashes - 2) * (1 + random / 4));
}

/** Share of the restart window that a crash loop may take, so that its limit is reached inside. */
const LOOP_SHARE = 0.85;

export interface Loop {
  /** Crashes of all slots within the window, this one too. */
  readonly crashes: number;
  /** When the first of them was. */
  readonly firstCrash: number;
  readonly maxRestarts: number;
  readonly windowMs: number;
  /** When the last of the replacements that are planned already is due. */
  readonly lastPlanned: number;
}

/** The same for a worker that ended by its own doing, and not for the first time. */
export function loopDelay(loop: Loop, now: number, random: number): number {
  const { crashes, firstCrash, maxRestarts, windowMs, lastPlanned } = loop;
  const from = Math.max(now, lastPlanned);
  const left = Math.max(0, windowMs * LOOP_SHARE - (from - firstCrash));
  const restarts = Math.max(1, maxRestarts - crashes + 1);
  // An earlier crash may have been long ago: what is left of its window must not end all waiting.
  const share = Math.max(left / restarts, (windowMs * LOOP_SHARE) / Math.max(1, maxRestarts));
  return Math.round(from - now + Math.min(doubled(crashes, random), share));
}

/** The times of `crashes` that still count at `now`. */
export const within = (crashes: readonly number[], windowMs: number, now: number): number[] =>
  crashes.filter((time) => time > now - windowMs);
