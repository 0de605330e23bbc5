import { describe, expect, test } from "vitest";
import type { Effect } from "../../../src/lifecycle/events.js";
import { restartDelay, within } from "../../../src/lifecycle/restart-policy.js";
import { nextDeadline } from "../../../src/lifecycle/settle.js";
import { overall } from "../../../src/lifecycle/state.js";
import { logged, machine, only } from "./machine.js";

describe("starting", () => {
  test("forks as many as configured, in slots from 1", () => {
    const forks = only(machine({ workers: 3 }).take({ type: "begin" }), "fork");
    expect(forks.map(({ slot, generation }) => [slot, generation])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  test("is announced once, when the last worker is ready", () => {
    const it = machine();
    it.take({ type: "begin" });
    expect(only(it.take({ type: "worker.ready", key: 1 }), "announce")).toEqual([]);
    expect(only(it.take({ type: "worker.ready", key: 2 }), "announce")).toHaveLength(1);
    expect(it.state().phase).toBe("running");
  });

  test("a worker that cannot boot ends it with the worker's own error, without another try", () => {
    const it = machine();
    it.take({ type: "begin" });
    const failure = { code: "LISTEN_FAILED", what: "port taken", remedy: "free it" } as const;
    it.take({ type: "worker.failed", key: 1, failure });
    const effects = it.exits(1);
    expect(only(effects, "fork")).toEqual([]);
    expect(only(effects, "kill")).toEqual([{ do: "kill", key: 2 }]);
    expect(only(it.exits(2, null, "SIGKILL"), "end")).toEqual([{ do: "end", failure }]);
  });

  test("a worker that is not ready in boot_timeout is a failure, never ready", () => {
    const it = machine({ workers: 1, bootTimeoutMs: 5_000 });
    it.take({ type: "begin" });
    expect(only(it.wait(4_999), "kill")).toEqual([]);
    expect(only(it.wait(1), "kill")).toEqual([{ do: "kill", key: 1 }]);
    const [end] = only(it.exits(1, null, "SIGKILL"), "end");
    expect(end?.failure?.what).toContain("boot_timeout (5s)");
    expect(end?.failure?.remedy).toMatch(/script.*factory/);
  });

  test("a worker that runs out of heap is named as such", () => {
    const it = machine({ workers: 1 });
    it.take({ type: "begin" });
    const [end] = only(
      it.take({
        type: "worker.exited",
        key: 1,
        code: null,
        signal: "SIGABRT",
        lastWords:
          "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
      }),
      "end",
    );
    expect(end?.failure?.what).toContain("ran out of heap memory");
  });
});

/** What a line about a restart says of the delay. */
const delayIn = (effects: readonly Effect[]): unknown =>
  only(effects, "log").find(({ event }) => event === "worker.restarting")?.fields?.["delay_ms"];

interface CrashLoop {
  readonly workers?: number;
  readonly maxRestarts: number;
  readonly restartWindowMs: number;
  /** From each fork to the end, in turn. */
  readonly lives: readonly number[];
  readonly random?: number;
  readonly signal?: string;
}

/** Lets every worker end so long after its fork, until the supervisor gives up. */
function crashLoop({ workers = 1, lives, random = 0, signal, ...intensity }: CrashLoop) {
  const it = machine({ workers, ...intensity }, random);
  const forks: number[] = [];
  const crashes: number[] = [];
  const delays: number[] = [];
  const ends = new Map<number, number>();
  const note = (effects: readonly Effect[]): void => {
    for (const { key } of only(effects, "fork")) {
      ends.set(key, it.now() + (lives[forks.length % lives.length] ?? 0));
      forks.push(it.now());
    }
    const delay = delayIn(effects);
    if (typeof delay === "number") delays.push(delay);
  };
  note(it.take({ type: "begin" }));
  for (const key of it.keys("starting")) note(it.take({ type: "worker.ready", key }));
  while (it.state().phase === "running" && crashes.length < 1_000) {
    const [key = 0, end = Infinity] = [...ends].sort((a, b) => a[1] - b[1])[0] ?? [];
    const due = nextDeadline(it.state(), it.now()) ?? Infinity;
    if (due < end) note(it.wait(due - it.now()));
    else {
      ends.delete(key);
      note(it.wait(end - it.now()));
      note(it.take({ type: "worker.ready", key }));
      crashes.push(it.now());
      note(it.exits(key, signal === undefined ? 1 : null, signal ?? null));
    }
  }
  const [first = 0] = crashes;
  return {
    phase: it.state().phase,
    delays,
    /** Since the first crash. */
    took: (crashes.at(-1) ?? 0) - first,
    crashes: crashes.length,
    forksBy: (ms: number) => forks.filter((time) => time - first <= ms).length,
  };
}

describe("a crash loop", () => {
  const DEFAULTS = { maxRestarts: 10, restartWindowMs: 60_000 };
  const grows = (delays: readonly number[]): boolean =>
    delays.every((delay, index) => index === 0 || delay > (delays[index - 1] ?? 0));

  test.each([0, 0.999])("takes most of its window, and not more (random %d)", (random) => {
    const loop = crashLoop({ ...DEFAULTS, lives: [500], random });
    expect(loop.crashes).toBe(11);
    expect(loop.took).toBeGreaterThan(54_000);
    expect(loop.took).toBeLessThan(58_000);
  });

  test.each([
    ["a short window", { maxRestarts: 3, restartWindowMs: 10_000, lives: [600] }],
    ["a shorter one", { maxRestarts: 5, restartWindowMs: 3_000, lives: [300] }],
    ["workers that live some seconds", { ...DEFAULTS, lives: [4_500] }],
    ["boots that vary", { ...DEFAULTS, lives: [400, 900, 500, 2_000, 600] }],
    ["two workers", { ...DEFAULTS, workers: 2, lives: [500] }],
    ["four workers", { ...DEFAULTS, workers: 4, lives: [500, 700] }],
    ["an abort each time", { ...DEFAULTS, lives: [500], signal: "SIGABRT" }],
  ])("reaches its limit inside the window: %s", (_name, input) => {
    for (const random of [0, 0.5, 0.999]) {
      const loop = crashLoop({ ...input, random });
      expect(loop.phase).not.toBe("running");
      expect(loop.crashes).toBe(input.maxRestarts + 1);
      expect(loop.took).toBeLessThan(input.restartWindowMs);
    }
  });

  test.each([0, 0.5, 0.999])("grows its delays from each to the next (random %d)", (random) => {
    const { delays } = crashLoop({ ...DEFAULTS, lives: [500], random });
    expect(delays).toHaveLength(10);
    expect(delays[0]).toBe(0);
    expect(grows(delays)).toBe(true);
  });

  test("does not put most of its boots into the first seconds", () => {
    const { delays, forksBy } = crashLoop({ ...DEFAULTS, lives: [500] });
    expect(delays[1]).toBeGreaterThan(2_000);
    expect(delays[9]).toBeLessThan(12_000);
    expect(forksBy(20_000)).toBeLessThanOrEqual(6);
  });

  test.each([2, 4])("takes most of its window also with %d workers", (workers) => {
    for (const random of [0, 0.999]) {
      const loop = crashLoop({ ...DEFAULTS, workers, lives: [500, 900], random });
      expect(loop.crashes).toBe(11);
      expect(loop.took).toBeGreaterThan(50_000);
      expect(loop.took).toBeLessThan(59_000);
    }
  });

  test("takes no longer than it has to for its cost where the window is long", () => {
    const loop = crashLoop({ ...DEFAULTS, restartWindowMs: 3_600_000, lives: [500] });
    expect(loop.crashes).toBe(11);
    expect(loop.took).toBeLessThan(60_000);
  });

  test("plans its replacements one after the other, whichever worker they are for", () => {
    const { delays } = crashLoop({ ...DEFAULTS, workers: 2, lives: [500] });
    const [one = 0, two = 0, three = 0, four = 0] = delays;
    expect([one, two]).toEqual([0, 0]);
    expect(three).toBeGreaterThan(2_000);
    expect(four).toBeGreaterThan(2 * three);
  });

  test("begins with its own first crash, not with one from long before", () => {
    const it = machine({ workers: 1, ...DEFAULTS }).boot();
    const crash = (livedMs: number): unknown => {
      it.wait(livedMs);
      const [key = 0] = it.keys("ready");
      const delay = delayIn(it.exits(key));
      it.wait(Number(delay));
      for (const newcomer of it.keys("starting")) it.take({ type: "worker.ready", key: newcomer });
      return delay;
    };
    expect(crash(100_000)).toBe(0);
    expect(crash(40_000)).toBe(100);
    expect(crash(500)).toBeGreaterThan(2_000);
  });

  test("is forgotten by a reload: what runs next is another release", () => {
    const it = machine({ workers: 1, ...DEFAULTS }).boot();
    it.exits(1);
    it.take({ type: "worker.ready", key: 2 });
    it.exits(2);
    expect(it.keys("starting")).toEqual([]);
    it.take({ type: "reload", id: 1, parallel: 1 });
    const settings = it.state().settings;
    expect(only(it.take({ type: "reload.prepared", settings }), "fork")).toHaveLength(1);
    expect(it.state().slots[0]).toMatchObject({ crashes: [], loopSince: null });
  });
});

describe("an unexpected end", () => {
  test("is followed by a replacement at once the first time", () => {
    const it = machine().boot();
    const effects = it.exits(1, null, "SIGKILL");
    expect(logged(effects)).toEqual(["worker.exit", "worker.restarting"]);
    expect(only(effects, "fork")).toMatchObject([{ slot: 1, restarts: 1 }]);
    expect(overall(it.state())).toBe("degraded");
  });

  test("by somebody's signal is followed by doubling delays when it comes again", () => {
    const it = machine({ workers: 1, maxRestarts: 10 }).boot();
    const delays: unknown[] = [];
    for (let round = 0; round < 8; round += 1) {
      const [key = 0] = it.keys("ready");
      delays.push(delayIn(it.exits(key, null, "SIGKILL")));
      it.wait(5_000);
      for (const newcomer of it.keys("starting")) it.take({ type: "worker.ready", key: newcomer });
    }
    // No longer than clients wait when all workers have been killed.
    expect(delays).toEqual([0, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  test("by a signal before it was ever ready is followed by delays that go on doubling", () => {
    const it = machine({ workers: 1, maxRestarts: 10 }).boot();
    const delays = [delayIn(it.exits(1, null, "SIGKILL"))];
    for (let round = 0; round < 7; round += 1) {
      const [key = 0] = it.keys("starting");
      delays.push(delayIn(it.exits(key, null, "SIGKILL")));
      it.wait(5_000);
    }
    expect(delays).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 5_000]);
  });

  test("after a life too long for a crash loop is followed by the same doubling delays", () => {
    const it = machine({ workers: 1, maxRestarts: 10 }).boot();
    const delays: unknown[] = [];
    for (let round = 0; round < 4; round += 1) {
      it.wait(10_000);
      for (const newcomer of it.keys("starting")) it.take({ type: "worker.ready", key: newcomer });
      it.wait(6_000);
      const [key = 0] = it.keys("ready");
      delays.push(delayIn(it.exits(key)));
    }
    expect(delays).toEqual([0, 100, 200, 400]);
  });

  test("more often than max_restarts within restart_window ends the supervisor with the last error", () => {
    const it = machine({ workers: 2, maxRestarts: 2 }).boot();
    it.exits(1);
    it.exits(2);
    for (const key of it.keys("starting")) it.take({ type: "worker.ready", key });
    const [third = 0, fourth = 0] = it.keys("ready");
    const effects = it.exits(third, 9);
    expect(logged(effects)).toContain("supervisor.draining");
    expect(only(effects, "drain")).toEqual([{ do: "drain", key: fourth }]);
    const [end] = only(it.exits(fourth, 0), "end");
    expect(end?.failure?.code).toBe("CRASH_LOOP");
    expect(end?.failure?.what).toContain("exit code 9");
  });

  test("does not count once it is older than the window", () => {
    const it = machine({ workers: 1, maxRestarts: 1, restartWindowMs: 10_000 }).boot();
    for (let round = 0; round < 4; round += 1) {
      const [key = 0] = it.keys("ready");
      it.exits(key);
      it.wait(10_001);
      for (const newcomer of it.keys("starting")) it.take({ type: "worker.ready", key: newcomer });
    }
    expect(it.state().phase).toBe("running");
  });

  test("is no surprise for a worker that was told to end", () => {
    const it = machine().boot();
    it.take({ type: "scale", id: 1, workers: 1 });
    const [line] = only(it.exits(2, 0), "log");
    expect(line?.fields?.["expected"]).toBe(true);
    expect(it.state().slots).toHaveLength(1);
  });
});

describe("a hang", () => {
  test("is logged with what is known, ended, and replaced", () => {
    const it = machine().boot();
    const effects = it.take({ type: "worker.hung", key: 1, fields: { stack: "at loop" } });
    expect(logged(effects)).toEqual(["worker.hung", "worker.killed"]);
    expect(only(effects, "kill")).toEqual([{ do: "kill", key: 1 }]);
    expect(only(it.exits(1, null, "SIGKILL"), "fork")).toMatchObject([{ slot: 1 }]);
  });

  test("of a worker that boots is none: only ready workers are judged", () => {
    const it = machine();
    it.take({ type: "begin" });
    expect(it.take({ type: "worker.hung", key: 1, fields: {} })).toEqual([]);
  });
});

describe("memory", () => {
  test("above the limit, one worker at a time gives way to a successor that is ready", () => {
    const it = machine().boot();
    const first = it.take({ type: "worker.oversized", key: 1, rssBytes: 9 });
    expect(only(first, "fork")).toMatchObject([{ slot: 1 }]);
    expect(only(first, "drain")).toEqual([]);
    expect(only(it.take({ type: "worker.oversized", key: 2, rssBytes: 9 }), "fork")).toEqual([]);
    expect(only(it.take({ type: "worker.ready", key: 3 }), "drain")).toEqual([
      { do: "drain", key: 1 },
    ]);
    expect(only(it.exits(1, 0), "fork")).toMatchObject([{ slot: 2 }]);
  });

  test("is warned of once, however often it is measured", () => {
    const it = machine().boot();
    it.take({ type: "worker.oversized", key: 1, rssBytes: 9 });
    expect(it.take({ type: "worker.oversized", key: 1, rssBytes: 10 })).toEqual([]);
  });
});

test("a TERM to one worker replaces that worker", () => {
  const it = machine().boot();
  expect(only(it.take({ type: "worker.asked", key: 2, signal: "SIGTERM" }), "fork")).toMatchObject([
    { slot: 2 },
  ]);
});

describe("a spare", () => {
  const withSpare = () => {
    const it = machine({ spare: 1 }).boot();
    const [key = 0] = it.keys("spare");
    return { it, key };
  };

  test("boots only once everybody serves", () => {
    const it = machine({ spare: 1 });
    expect(only(it.take({ type: "begin" }), "fork")).toHaveLength(2);
    it.take({ type: "worker.ready", key: 1 });
    expect(only(it.take({ type: "worker.ready", key: 2 }), "fork")).toMatchObject([{ slot: 0 }]);
  });

  test("takes the place of a worker that dies, and another one boots when it is ready", () => {
    const { it, key } = withSpare();
    it.take({ type: "worker.loaded", key });
    expect(only(it.exits(1), "promote")).toMatchObject([{ key, slot: 1 }]);
    expect(only(it.take({ type: "worker.ready", key }), "fork")).toMatchObject([{ slot: 0 }]);
  });

  test("takes the place of a worker that was killed at once, however often that happened", () => {
    const { it, key } = withSpare();
    it.exits(1, null, "SIGKILL");
    const [replacement = 0] = it.keys("starting");
    it.take({ type: "worker.ready", key: replacement });
    it.take({ type: "worker.loaded", key });
    const promoted = it.exits(replacement, null, "SIGKILL");
    expect(only(promoted, "promote")).toMatchObject([{ key, slot: 1 }]);
    expect(delayIn(promoted)).toBe(0);
  });

  test("waits for the delay where workers of the slot end by their own doing", () => {
    const { it, key } = withSpare();
    it.exits(1);
    const [replacement = 0] = it.keys("starting");
    it.take({ type: "worker.ready", key: replacement });
    it.take({ type: "worker.loaded", key });
    expect(only(it.exits(replacement), "promote")).toEqual([]);
  });

  test("that is still loading does not hold a replacement up", () => {
    const { it } = withSpare();
    expect(only(it.exits(1), "fork")).toMatchObject([{ slot: 1 }]);
  });

  test("that dies over and over is tried again after growing delays", () => {
    const { it, key } = withSpare();
    it.exits(key);
    const [second = 0] = it.keys("spare");
    expect(only(it.exits(second), "fork")).toEqual([]);
    expect(only(it.wait(100), "fork")).toMatchObject([{ slot: 0 }]);
  });
});

describe("the restart policy", () => {
  test("adds up to a quarter of jitter", () => {
    expect(restartDelay(2, 0, false)).toBe(100);
    expect(restartDelay(2, 0.999, false)).toBe(125);
  });

  test("never waits longer than its cap and jitter", () => {
    expect(restartDelay(1_000, 0.999, false)).toBeLessThanOrEqual(6_250);
    expect(restartDelay(1_000, 0.999, true)).toBeLessThanOrEqual(1_250);
  });

  test("counts what lies inside the window", () => {
    expect(within([1, 50, 100], 50, 100)).toEqual([100]);
  });
});
