import { describe, expect, test } from "vitest";
import { createDelayMeter, WINDOW_MS, type DelayMeter } from "../../../src/worker/loop-delay.js";

const EVERY_MS = 20;

/** A meter on a clock that the test turns; its timer fires late by what the loop is blocked. */
function meter(): { meter: DelayMeter; idle(ms: number): void; block(ms: number): void } {
  let at = 0;
  const measured = createDelayMeter(EVERY_MS, () => at);
  return {
    meter: measured,
    idle: (ms) => {
      const end = at + ms;
      while (at + EVERY_MS <= end) {
        at += EVERY_MS;
        measured.look();
      }
    },
    block: (ms) => {
      at += ms;
    },
  };
}

/** To the histogram's 1 %. */
const about = (ms: number): [number, number] => [ms * 0.99, ms * 1.01];
function expectAbout(found: number, ms: number): void {
  const [least, most] = about(ms);
  expect(found).toBeGreaterThanOrEqual(least);
  expect(found).toBeLessThanOrEqual(most);
}

describe("the delay of the event loop", () => {
  test("is nothing when nothing was measured, and next to nothing when the loop is idle", () => {
    const loop = meter();
    expect(loop.meter.recent()).toMatchObject({ p50: 0, max: 0 });
    loop.idle(1_000);
    expect(loop.meter.recent().max).toBeLessThan(0.01);
  });

  test("counts a block once, in the second in which it ended", () => {
    const loop = meter();
    loop.idle(500);
    loop.block(900);
    loop.meter.look();
    expectAbout(loop.meter.recent().max, 880);
    loop.idle(1_000);
    expect(loop.meter.recent().max).toBeLessThan(0.01);
  });

  test("counts a block that begins before the first look", () => {
    const loop = meter();
    loop.block(900);
    loop.meter.look();
    expectAbout(loop.meter.recent().max, 880);
  });

  test("counts a block that begins right behind a report", () => {
    const loop = meter();
    loop.idle(1_000);
    loop.meter.recent();
    loop.block(900);
    loop.meter.look();
    expectAbout(loop.meter.recent().max, 880);
  });

  test("counts a block that a report is the first to see, and counts it only there", () => {
    const loop = meter();
    loop.idle(1_000);
    loop.block(900);
    expectAbout(loop.meter.recent().max, 880);
    loop.meter.look();
    expect(loop.meter.recent().max).toBeLessThan(0.01);
  });

  test("remembers a block for half a window at least and a whole one at most", () => {
    const loop = meter();
    const seconds: number[] = [];
    loop.block(900);
    loop.meter.look();
    for (let second = 1; second <= WINDOW_MS / 1_000 + 1; second += 1) {
      loop.idle(1_000);
      if (loop.meter.lasting().max > 800) seconds.push(second);
    }
    expect(seconds).toEqual(Array.from({ length: seconds.length }, (_, index) => index + 1));
    expect(seconds.length).toBeGreaterThanOrEqual(WINDOW_MS / 2_000 - 1);
    expect(seconds.length).toBeLessThanOrEqual(WINDOW_MS / 1_000);
  });

  test("has percentiles of the window: one block is in the maximum, a hundred are in the p99", () => {
    const loop = meter();
    loop.idle(20_000);
    loop.block(100);
    loop.meter.look();
    expect(loop.meter.lasting().p99).toBeLessThan(1);
    expectAbout(loop.meter.lasting().max, 80);
    for (let block = 0; block < 100; block += 1) {
      loop.block(100);
      loop.meter.look();
    }
    expectAbout(loop.meter.lasting().p99, 80);
  });
});
