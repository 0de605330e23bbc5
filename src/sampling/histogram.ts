/**
 * Durations in constant memory: 32 buckets to each power of two, from 0.12 microseconds to 2.3
 * hours. A bucket is at most 3.1 % wide, so its middle is within 1.6 % of every duration in it.
 * The bucket is read off the bits of the number: exponent and the top five bits of the mantissa.
 */

const SUB_BUCKETS = 32;
const LOWEST_EXPONENT = -13;
const OCTAVES = 36;
export const BUCKETS = SUB_BUCKETS * OCTAVES;

const MANTISSA_SHIFT = 15;
const EXPONENT_BIAS = 1023;
const FIRST = (EXPONENT_BIAS + LOWEST_EXPONENT) * SUB_BUCKETS;

const asNumber = new Float64Array(1);
const asWords = new Uint32Array(asNumber.buffer);
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const HIGH_WORD = littleEndian ? 1 : 0;

/** What a histogram has seen in some span of time, small enough to send every second. */
export interface HistogramDelta {
  readonly count: number;
  /** Milliseconds. */
  readonly sum: number;
  /** The largest, exact; milliseconds. */
  readonly max: number;
  /** Pairs of bucket and count, in the order of buckets. */
  readonly buckets: readonly number[];
}

export interface Histogram {
  readonly counts: Float64Array;
  count: number;
  sum: number;
  max: number;
}

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

const EMPTY_DELTA: HistogramDelta = { count: 0, sum: 0, max: 0, buckets: [] };

export function createHistogram(): Histogram {
  return { counts: new Float64Array(BUCKETS), count: 0, sum: 0, max: 0 };
}

/** The bucket of a duration in milliseconds. */
export function bucketOf(ms: number): number {
  if (!(ms > 0)) return 0;
  asNumber[0] = ms;
  const bucket = ((asWords[HIGH_WORD] ?? 0) >>> MANTISSA_SHIFT) - FIRST;
  if (bucket < 0) return 0;
  return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/** The middle of a bucket, in milliseconds. */
export function middleOf(bucket: number): number {
  const exponent = LOWEST_EXPONENT + Math.floor(bucket / SUB_BUCKETS);
  return 2 ** exponent * (1 + ((bucket % SUB_BUCKETS) + 0.5) / SUB_BUCKETS);
}

/** Counts one duration. The hot path of every checkout: no allocation. */
export function record(histogram: Histogram, ms: number): void {
  const bucket = bucketOf(ms);
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1;
  histogram.count += 1;
  histogram.sum += ms;
  if (ms > histogram.max) histogram.max = ms;
}

/** Everything counted since the last call, and starts again from nothing. */
export function take(histogram: Histogram): HistogramDelta {
  if (histogram.count === 0) return EMPTY_DELTA;
  const buckets: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const count = histogram.counts[bucket] ?? 0;
    if (count > 0) {
      buckets.push(bucket, count);
      histogram.counts[bucket] = 0;
    }
  }
  const { count, sum, max } = histogram;
  histogram.count = 0;
  histogram.sum = 0;
  histogram.max = 0;
  return { count, sum, max, buckets };
}

/** Adds (`sign` 1) or takes away (`sign` -1) what a delta counted; the maximum only ever rises. */
export function merge(into: Histogram, delta: HistogramDelta, sign: 1 | -1 = 1): void {
  for (let at = 0; at < delta.buckets.length; at += 2) {
    const bucket = delta.buckets[at] ?? 0;
    into.counts[bucket] = (into.counts[bucket] ?? 0) + sign * (delta.buckets[at + 1] ?? 0);
  }
  into.count += sign * delta.count;
  into.sum += sign * delta.sum;
  if (sign === 1 && delta.max > into.max) into.max = delta.max;
}

/** Adds a whole histogram to another. */
export function mergeWhole(into: Histogram, from: Histogram): void {
  if (from.count === 0) return;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const count = from.counts[bucket] ?? 0;
    if (count > 0) into.counts[bucket] = (into.counts[bucket] ?? 0) + count;
  }
  into.count += from.count;
  into.sum += from.sum;
  if (from.max > into.max) into.max = from.max;
}

/** The duration that a share `q` (0 to 1) of all stay at or under, by nearest rank; 0 of none. */
export function quantile(histogram: Histogram, q: number): number {
  if (histogram.count <= 0) return 0;
  const rank = Math.max(1, Math.ceil(q * histogram.count));
  let seen = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    seen += histogram.counts[bucket] ?? 0;
    if (seen >= rank) return Math.min(middleOf(bucket), histogram.max);
  }
  return histogram.max;
}

export function percentiles(histogram: Histogram): Percentiles {
  return {
    p50: quantile(histogram, 0.5),
    p95: quantile(histogram, 0.95),
    p99: quantile(histogram, 0.99),
    max: histogram.max,
  };
}
