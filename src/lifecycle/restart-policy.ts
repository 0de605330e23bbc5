/**
 * When a worker that ended unexpectedly is replaced: at once the first time, then after delays that
 * double from BASE to CAP with up to a quarter of jitter, counted over the crashes of its slot
 * inside the restart window. The cap is lower for workers that served and were ended from outside: there
 * may be nobody else to serve meanwhile, and clients that wait are to have their answer within seconds. Such
 * a worker's place is taken at once where a spare stands ready: that costs no boot.
 *
 * Workers that end by their own doing soon after their start, again and again, are in a crash loop. Of that
 * it is known how many boots are left until max_restarts is reached, so those are planned over the whole
 * window: one after the other, whichever slot they are for, with delays that grow steadily instead of
 * doubling. Doubling puts most of the boots into the first seconds, and what a boot costs is the same
 * there; spread like this, eleven boots in a minute take less than a tenth of a CPU, and the
 * limit is still reached inside its window.
 */
const BASE_MS = 100;
const CAP_MS = 5_000;
const CAP_SERVED_MS = 1_000;

/**
 * Milliseconds to wait before replacing a worker.
 * `crashes` counts this one too; `random` is in [0, 1); `served`: it was ready, and did not end by its own doing.
 */
export function restartDelay(crashes: number, random: number, served: boolean): number {
  if (crashes <= 1) return 0;
  const jitter = 1 + random / 4;
  const cap = served ? CAP_SERVED_MS : CAP_MS;
  return Math.round(Math.min(cap, BASE_MS * 2 ** (crashes - 2)) * jitter);
}

/** Boots need not be further apart than this on average, however long the window. */
const BOOT_EVERY_MS = 5_000;
const START_MS = 10_000;
/** The last delay of a whole loop is about so many times the first. */
const GROWTH = 5;
/** Share of the window, at its end, in which nothing is planned: a boot may take longer than the last one. */
const MARGIN = 0.05;

/** What `max_restarts` and `restart_window` say. */
export interface Intensity {
  readonly maxRestarts: number;
  readonly restartWindowMs: number;
}

/** The time over which the boots of a crash loop are spread. */
const spanOf = ({ maxRestarts, restartWindowMs }: Intensity): number =>
  Math.min(restartWindowMs, START_MS + maxRestarts * BOOT_EVERY_MS);

/** Whether a worker that lived this long, from its fork to its end, counts towards a crash loop. */
export const diedYoung = (livedMs: number, intensity: Intensity): boolean =>
  livedMs * intensity.maxRestarts < spanOf(intensity);

export interface Loop {
  readonly since: number;
  /** Crashes of all slots since then, this one too. */
  readonly crashes: number;
  /** How many slots are in it. */
  readonly slots: number;
  /** How long the worker lived, from its fork to its end. */
  readonly livedMs: number;
  /** When the last of the replacements that are planned already is due. */
  readonly lastPlanned: number;
}

/**
 * The same for a worker in a crash loop that is not the first of its slot to crash. Null: workers live
 * too long for a plan that reaches the limit.
 */
export function loopDelay(
  { since, crashes, slots, livedMs, lastPlanned }: Loop,
  intensity: Intensity,
  now: number,
  random: number,
): number | null {
  const span = spanOf(intensity);
  // The limit is reached while the other slots' last boots are still to come.
  const boots = Math.max(1, intensity.maxRestarts - crashes + 2 - slots);
  const from = Math.max(now, lastPlanned);
  const lastFork = since + span - livedMs - Math.max(livedMs, span * MARGIN);
  // One slot's workers live between the delays, those of several during them.
  const toWait = lastFork - from - ((boots - 1) * livedMs) / slots;
  // Behind those that are planned up to the end already: theirs reach the limit first.
  if (toWait <= 0) return lastPlanned > now ? Math.round(lastPlanned - now + livedMs) : null;
  const growth = GROWTH ** (1 / Math.max(1, intensity.maxRestarts - 1));
  const shares = boots === 1 ? 1 : (growth ** boots - 1) / (growth - 1);
  // Little enough for the next one, which shares out what this one leaves, to be longer in any case.
  const jitter = 1 - random * (1 - growth ** -0.5);
  return Math.round(from - now + (toWait / shares) * jitter);
}

/** The times of `crashes` that still count at `now`. */
export const within = (crashes: readonly number[], windowMs: number, now: number): number[] =>
  crashes.filter((time) => time > now - windowMs);
