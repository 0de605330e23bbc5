import { describe, expect, test } from "vitest";
import { loopDelay, restartDelay, within } from "../../../src/lifecycle/restart-policy.js";
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
    expect(end?.failure?.what).toContain("boot_timeout");
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

describe("an unexpected end", () => {
  test("is followed by a replacement at once the first time", () => {
    const it = machine().boot();
    const effects = it.exits(1, null, "SIGKILL");
    expect(logged(effects)).toEqual(["worker.exit", "worker.restarting"]);
    expect(only(effects, "fork")).toMatchObject([{ slot: 1, restarts: 1 }]);
    expect(overall(it.state())).toBe("degraded");
  });

  test("is followed by growing delays when it comes again", () => {
    const it = machine({ workers: 1, maxRestarts: 10 }).boot();
    const delays: unknown[] = [];
    for (let round = 0; round < 6; round += 1) {
      const [key = 0] = it.keys("ready");
      const [restarting] = only(it.exits(key), "log").filter(
        (l) => l.event === "worker.restarting",
      );
      delays.push(restarting?.fields?.["delay_ms"]);
      it.wait(5_000);
      for (const newcomer of it.keys("starting")) it.take({ type: "worker.ready", key: newcomer });
    }
    expect(delays).toEqual([0, 100, 200, 400, 800, 1_600]);
  });

  test("of several workers over and over is followed by replacements one after the other", () => {
    const it = machine({ workers: 2, maxRestarts: 10 }).boot();
    const crash = (key: number): unknown => {
      const lines = only(it.exits(key), "log");
      return lines.find((l) => l.event === "worker.restarting")?.fields?.["delay_ms"];
    };
    const rounds: unknown[][] = [];
    for (let round = 0; round < 3; round += 1) {
      const [first = 0, second = 0] = it.keys("ready");
      rounds.push([crash(first), crash(second)]);
      it.wait(5_000);
      for (const key of it.keys("starting")) it.take({ type: "worker.ready", key });
    }
    // Each delay counts the crashes of all, and begins where the one before it ends.
    expect(rounds).toEqual([
      [0, 0],
      [200, 600],
      [800, 2_400],
    ]);
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
    expect(restartDelay(2, 0)).toBe(100);
    expect(restartDelay(2, 0.999)).toBe(125);
  });

  test("never waits longer than its cap and jitter", () => {
    expect(restartDelay(1_000, 0.999)).toBeLessThanOrEqual(6_250);
  });

  /** When the restarts of a worker that ends `livesMs` after each are used up; the first crash is at 0. */
  const loopEnd = (
    maxRestarts: number,
    windowMs: number,
    livesMs: number,
    random: number,
  ): number => {
    let now = 0;
    for (let crashes = 2; crashes <= maxRestarts + 1; crashes += 1) {
      now += livesMs;
      const loop = { crashes, firstCrash: 0, maxRestarts, windowMs, lastPlanned: 0 };
      if (crashes <= maxRestarts) now += loopDelay(loop, now, random);
    }
    return now;
  };

  test.each([0, 0.999])("spreads a crash loop over most of its window, and not more", (random) => {
    expect(loopEnd(10, 60_000, 500, random)).toBeGreaterThan(45_000);
    expect(loopEnd(10, 60_000, 500, random)).toBeLessThan(55_000);
    expect(loopEnd(10, 60_000, 3_000, random)).toBeLessThan(60_000);
    expect(loopEnd(5, 3_000, 300, random)).toBeLessThan(3_000);
  });

  test("goes on growing when the first crash of the window is long ago", () => {
    const loop = { firstCrash: 0, maxRestarts: 10, windowMs: 60_000, lastPlanned: 0 };
    const delays = [2, 4, 8].map((crashes) => loopDelay({ ...loop, crashes }, 52_000, 0));
    expect(delays).toEqual([100, 400, 5_100]);
  });

  test("plans the replacements of a loop one behind the other", () => {
    const loop = { firstCrash: 0, maxRestarts: 10, windowMs: 60_000, lastPlanned: 2_000 };
    expect(loopDelay({ ...loop, crashes: 3 }, 500, 0)).toBe(1_500 + 200);
  });

  test("counts what lies inside the window", () => {
    expect(within([1, 50, 100], 50, 100)).toEqual([100]);
  });
});
