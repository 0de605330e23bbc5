import { expect, test } from "vitest";
import { sizeNeeded, withHeadroom } from "../../../src/sampling/advice.js";
import { exhaustion, isSaturated, type PoolMoment } from "../../../src/sampling/exhaustion.js";
import { createHistogram, record } from "../../../src/sampling/histogram.js";

const moment = (fields: Partial<PoolMoment> = {}): PoolMoment => ({
  total: 10,
  max: 10,
  idle: 0,
  oldestWaitMs: 0,
  waitP99Ms: 0,
  useP50Ms: 10,
  ...fields,
});

function uses(...durations: number[]) {
  const histogram = createHistogram();
  for (const ms of durations) record(histogram, ms);
  return histogram;
}

test("a pool at its maximum with none idle is saturated, and that is no alarm", () => {
  expect(isSaturated(moment())).toBe(true);
  expect(isSaturated(moment({ idle: 1 }))).toBe(false);
  expect(isSaturated(moment({ total: 9 }))).toBe(false);
  expect(exhaustion(moment(), 1_000)).toBeNull();
});

test("a waiter beyond warn_wait makes a saturated pool exhausted, and no other", () => {
  expect(exhaustion(moment({ oldestWaitMs: 1_001 }), 1_000)).toBe("oldest");
  expect(exhaustion(moment({ oldestWaitMs: 1_000 }), 1_000)).toBeNull();
  expect(exhaustion(moment({ oldestWaitMs: 5_000, idle: 1 }), 1_000)).toBeNull();
});

test.each([
  [251, 10, "p99"],
  [249, 10, null],
  [400, 100, null],
  [501, 100, "p99"],
])("waits with p99 %d ms at a median use of %d ms: %s", (waitP99Ms, useP50Ms, expected) => {
  expect(exhaustion(moment({ waitP99Ms, useP50Ms }), 1_000)).toBe(expected);
});

test.each([
  [0.8, 19],
  [0.98, 227],
])("ordinary queueing at %d utilisation (p99 %d ms at 10 ms holds) is no alarm", (_share, p99) => {
  expect(exhaustion(moment({ waitP99Ms: p99, useP50Ms: 10 }), 1_000)).toBeNull();
});

test("a burst needs as many connections as it has callers", () => {
  const arrivals = [20, ...new Array<number>(100).fill(0)];
  expect(sizeNeeded({ arrivals, use: uses(400), longestHeldMs: 0, peak: 20 })).toBe(20);
  expect(withHeadroom(20)).toBe(22);
});

test("a steady load needs arrivals per second times the time held, by Little's law", () => {
  // 100 a second, 100 ms each.
  const arrivals = new Array<number>(200).fill(5);
  expect(sizeNeeded({ arrivals, use: uses(100), longestHeldMs: 0, peak: 500 })).toBe(10);
});

test("a mix of short and long holds counts each at its length", () => {
  // 200 a second: 90 % take 10 ms, 10 % 500 ms: 1.8 + 10 connections.
  const arrivals = new Array<number>(200).fill(10);
  const use = uses(...new Array<number>(9).fill(10), 500);
  expect(sizeNeeded({ arrivals, use, longestHeldMs: 0, peak: 500 })).toBe(12);
});

test("no more is ever needed than was wanted at once", () => {
  const arrivals = new Array<number>(200).fill(50);
  expect(sizeNeeded({ arrivals, use: uses(1_000), longestHeldMs: 0, peak: 7 })).toBe(7);
});

test("while no hold has ended, the longest stands for all", () => {
  const arrivals = [...new Array<number>(20).fill(1)];
  const demand = { arrivals, use: uses(), peak: 100 };
  expect(sizeNeeded({ ...demand, longestHeldMs: 5_000 })).toBe(20);
});
