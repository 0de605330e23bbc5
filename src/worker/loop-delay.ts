/**
 * How late the event loop is: a timer looks at the clock each time it fires. Node's own histogram
 * (`monitorEventLoopDelay`) takes the first firing after each reset as its start, so it never sees a block
 * that begins right behind a report; here the clock goes on from one report to the next.
 */
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** In milliseconds. */
export interface DelayFigures {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export interface DelayMeter {
  /** To be called each `everyMs`; whatever it is late is delay. */
  look(): void;
  /** Of the time since the last call. */
  recent(): DelayFigures;
  /** Of the last half `WINDOW_MS` to `WINDOW_MS`, as far as there were so many. */
  lasting(): DelayFigures;
}

/** Whoever looks each half of it, as scrapers do, misses nothing. */
export const WINDOW_MS = 60_000;

const NOTHING: DelayFigures = { min: 0, max: 0, mean: 0, stddev: 0, p50: 0, p90: 0, p99: 0 };

/** In microseconds, to 1 %: a hundredth of the memory that Node's default takes. */
const newHistogram = (): RecordableHistogram =>
  createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 2 });

/** `now` in milliseconds. */
export function createDelayMeter(everyMs: number, now: () => number): DelayMeter {
  const short = newHistogram();
  /** Each covers a window; the younger one began in the middle of the older one's. */
  let older = newHistogram();
  let younger = newHistogram();
  let turned = now();
  let looked = turned;

  const look = (): void => {
    const at = now();
    const late = Math.max(1, Math.round((at - looked - everyMs) * 1_000));
    looked = at;
    for (const histogram of [short, older, younger]) histogram.record(late);
  };
  return {
    look,
    recent: () => {
      // What is under way counts: this call may be what comes first behind a block.
      if (now() - looked > everyMs) look();
      const figures = figuresOf(short);
      short.reset();
      return figures;
    },
    lasting: () => {
      if (now() - turned >= WINDOW_MS / 2) {
        turned = now();
        older.reset();
        [older, younger] = [younger, older];
      }
      return figuresOf(older);
    },
  };
}

function figuresOf(histogram: RecordableHistogram): DelayFigures {
  if (histogram.count === 0) return NOTHING;
  const ms = (microseconds: number): number => microseconds / 1_000;
  return {
    min: ms(histogram.min),
    max: ms(histogram.max),
    mean: ms(histogram.mean),
    stddev: ms(histogram.stddev),
    p50: ms(histogram.percentile(50)),
    p90: ms(histogram.percentile(90)),
    p99: ms(histogram.percentile(99)),
  };
}
