import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bucketOf,
  BUCKETS,
  createHistogram,
  merge,
  mergeWhole,
  middleOf,
  percentiles,
  quantile,
  record,
  take,
} from "../../../src/sampling/histogram.js";
import { addToWindow, createWindow, expire } from "../../../src/sampling/window.js";
import { delta } from "./reports.js";

const durations = fc.double({ min: 0.001, max: 3_600_000, noNaN: true });

function exact(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

test("the middle of a duration's bucket is within 1.6 % of it", () => {
  fc.assert(
    fc.property(durations, (ms) => {
      expect(Math.abs(middleOf(bucketOf(ms)) / ms - 1)).toBeLessThan(0.016);
    }),
  );
});

test("durations out of range are counted at the ends", () => {
  expect(bucketOf(0)).toBe(0);
  expect(bucketOf(-1)).toBe(0);
  expect(bucketOf(NaN)).toBe(0);
  expect(bucketOf(1e-9)).toBe(0);
  expect(bucketOf(Infinity)).toBe(BUCKETS - 1);
  expect(bucketOf(1e12)).toBe(BUCKETS - 1);
});

test("percentiles of many workers together are those of all their waits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(durations, { minLength: 1, maxLength: 50 }), {
        minLength: 1,
        maxLength: 8,
      }),
      (workers) => {
        const sum = createHistogram();
        for (const waits of workers) merge(sum, delta(...waits));
        const all = workers.flat();
        for (const q of [0.5, 0.95, 0.99]) {
          expect(Math.abs(quantile(sum, q) / exact(all, q) - 1)).toBeLessThan(0.016);
        }
        expect(percentiles(sum).max).toBe(Math.max(...all));
      },
    ),
  );
});

test("what has been taken is not counted again", () => {
  const histogram = createHistogram();
  record(histogram, 5);
  expect(take(histogram)).toMatchObject({ count: 1, sum: 5, max: 5 });
  expect(take(histogram)).toEqual({ count: 0, sum: 0, max: 0, buckets: [] });
  record(histogram, 1);
  expect(take(histogram)).toMatchObject({ count: 1, max: 1 });
});

test("a million durations take no more memory than one", () => {
  const histogram = createHistogram();
  record(histogram, 1);
  const size = JSON.stringify(Object.keys(histogram)).length + histogram.counts.byteLength;
  for (let count = 0; count < 1_000_000; count += 1) record(histogram, (count % 5_000) / 7);
  expect(JSON.stringify(Object.keys(histogram)).length + histogram.counts.byteLength).toBe(size);
  expect(take(histogram).buckets.length).toBeLessThanOrEqual(2 * BUCKETS);
});

test("a window forgets what is older, its maximum too", () => {
  const window = createWindow(10_000);
  addToWindow(window, 0, delta(900, 1));
  addToWindow(window, 5_000, delta(50));
  expect(percentiles(window.histogram).max).toBe(900);
  expire(window, 10_000);
  expect(window.histogram).toMatchObject({ count: 1, sum: 50, max: 50 });
  expire(window, 15_000);
  expect(window.histogram).toMatchObject({ count: 0, max: 0 });
  expect(window.entries).toEqual([]);
});

test("whole histograms add up", () => {
  const a = createHistogram();
  const b = createHistogram();
  for (const ms of [1, 2, 3]) record(a, ms);
  for (const ms of [4, 5]) record(b, ms);
  mergeWhole(a, b);
  expect(a).toMatchObject({ count: 5, sum: 15, max: 5 });
});
