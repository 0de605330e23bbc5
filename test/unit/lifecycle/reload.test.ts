import { describe, expect, test } from "vitest";
import { overall } from "../../../src/lifecycle/state.js";
import { logged, machine, only, SETTINGS, type Machine } from "./machine.js";

const reload = (it: Machine, id = 1, parallel = 1) => it.take({ type: "reload", id, parallel });
const prepare = (it: Machine, change = {}) =>
  it.take({ type: "reload.prepared", settings: { ...SETTINGS, ...change } });

describe("a reload", () => {
  test("prepares first and touches no worker meanwhile", () => {
    const it = machine().boot();
    expect(reload(it).map((effect) => effect.do)).toEqual(["prepare", "log"]);
    expect(overall(it.state())).toBe("reloading");
  });

  test("drains the old worker only once its replacement is ready, one slot after the other", () => {
    const it = machine().boot();
    reload(it);
    expect(only(prepare(it), "fork")).toMatchObject([{ slot: 1, generation: 2 }]);
    expect(only(it.take({ type: "worker.ready", key: 3 }), "drain")).toEqual([
      { do: "drain", key: 1 },
    ]);
    expect(only(it.exits(1, 0), "fork")).toMatchObject([{ slot: 2, generation: 2 }]);
    it.take({ type: "worker.ready", key: 4 });
    const effects = it.exits(2, 0);
    expect(logged(effects)).toContain("reload.done");
    expect(only(effects, "answer")).toEqual([{ do: "answer", id: 1, reason: null }]);
    expect(it.state().generation).toBe(2);
  });

  test("replaces as many at once as asked for", () => {
    const it = machine({ workers: 4 }).boot();
    reload(it, 1, 3);
    expect(only(prepare(it, { workers: 4 }), "fork")).toHaveLength(3);
  });

  test("that is refused while preparing leaves everything as it was", () => {
    const it = machine().boot();
    const before = it.state().workers;
    reload(it);
    const effects = it.take({ type: "reload.refused", reason: "the pin does not fit" });
    expect(logged(effects)).toEqual(["reload.abandoned"]);
    expect(only(effects, "answer")).toEqual([
      { do: "answer", id: 1, reason: "the pin does not fit" },
    ]);
    expect(it.state().workers).toEqual(before);
    expect(it.state().generation).toBe(1);
  });

  test("into a release that cannot boot is abandoned after one boot, and the old ones serve on", () => {
    const it = machine().boot();
    reload(it);
    prepare(it);
    const effects = it.exits(3, 1);
    expect(logged(effects)).toContain("reload.abandoned");
    expect(only(effects, "fork")).toEqual([]);
    expect(it.keys("ready")).toEqual([1, 2]);
    expect(overall(it.state())).toBe("running");
  });

  test("that fails late renews nothing more, and says that two releases serve", () => {
    const it = machine({ workers: 3 }).boot();
    reload(it);
    prepare(it, { workers: 3 });
    it.take({ type: "worker.ready", key: 4 });
    it.exits(1, 0);
    const effects = it.exits(5, 1);
    const [answer] = only(effects, "answer");
    expect(answer?.reason).toContain("1 of 3 workers run the new release already");
    expect(only(effects, "fork")).toEqual([]);
    expect(it.keys("ready")).toEqual([2, 3, 4]);
    expect(overall(it.state())).toBe("running");
    reload(it, 2);
    expect(only(prepare(it, { workers: 3 }), "fork")).toMatchObject([{ slot: 1, generation: 3 }]);
  });

  test("into a release that is never ready is abandoned at boot_timeout", () => {
    const it = machine().boot();
    reload(it);
    prepare(it, { bootTimeoutMs: 1_000 });
    expect(only(it.wait(1_000), "kill")).toEqual([{ do: "kill", key: 3 }]);
    expect(logged(it.exits(3, null, "SIGKILL"))).toContain("reload.abandoned");
    expect(it.keys("ready")).toEqual([1, 2]);
  });

  test("that was abandoned goes back to the settings before it", () => {
    const it = machine().boot();
    reload(it);
    prepare(it, { drainTimeoutMs: 1 });
    it.exits(3, 1);
    expect(it.state().settings).toEqual(SETTINGS);
  });

  test("never uses the number of an abandoned generation again", () => {
    const it = machine().boot();
    reload(it);
    prepare(it);
    it.exits(3, 1);
    reload(it, 2);
    expect(only(prepare(it), "fork")).toMatchObject([{ generation: 3 }]);
  });

  test("during a reload is queued, not lost; several are done by one that follows", () => {
    const it = machine({ workers: 1 }).boot();
    reload(it, 1);
    reload(it, 2);
    reload(it, 3);
    prepare(it, { workers: 1 });
    it.take({ type: "worker.ready", key: 2 });
    const effects = it.exits(1, 0);
    expect(only(effects, "answer")).toEqual([{ do: "answer", id: 1, reason: null }]);
    expect(only(effects, "prepare")).toHaveLength(1);
    prepare(it, { workers: 1 });
    it.take({ type: "worker.ready", key: 3 });
    expect(only(it.exits(2, 0), "answer")).toEqual([
      { do: "answer", id: 2, reason: null },
      { do: "answer", id: 3, reason: null },
    ]);
    expect(it.state().reload).toBeNull();
  });

  test("with another number of workers in the configuration changes their number", () => {
    const it = machine().boot();
    reload(it);
    expect(only(prepare(it, { workers: 3 }), "fork").map(({ slot }) => slot)).toEqual([3, 1]);
  });

  test("takes in a worker that dies while it waits for its turn", () => {
    const it = machine().boot();
    reload(it);
    prepare(it);
    expect(only(it.exits(2), "fork")).toMatchObject([{ slot: 2, generation: 2 }]);
  });

  test("goes on when the old worker dies before its replacement is ready", () => {
    const it = machine().boot();
    reload(it);
    prepare(it);
    expect(only(it.exits(1), "fork")).toEqual([]);
    it.take({ type: "worker.ready", key: 3 });
    expect(it.state().workers.filter(({ slot }) => slot === 1)).toHaveLength(1);
  });

  test("before the start is over is refused with the reason", () => {
    const it = machine();
    it.take({ type: "begin" });
    expect(only(reload(it), "answer")[0]?.reason).toContain("still starting");
  });
});

describe("a stop", () => {
  test("drains every worker and ends with success when the last is gone", () => {
    const it = machine().boot();
    expect(only(it.take({ type: "stop", reason: "sigterm" }), "drain")).toHaveLength(2);
    expect(only(it.exits(1, 0), "end")).toEqual([]);
    expect(only(it.exits(2, 0), "end")).toEqual([{ do: "end", failure: null }]);
  });

  test("waits for shutdown_delay before it drains", () => {
    const it = machine({ shutdownDelayMs: 5_000 }).boot();
    expect(only(it.take({ type: "stop", reason: "sigterm" }), "drain")).toEqual([]);
    expect(overall(it.state())).toBe("draining");
    expect(only(it.wait(5_000), "drain")).toHaveLength(2);
  });

  test("asked for a second time ends everything at once", () => {
    const it = machine().boot();
    it.take({ type: "stop", reason: "sigterm" });
    it.wait(1_000);
    expect(only(it.take({ type: "stop", reason: "sigterm" }), "kill")).toHaveLength(2);
  });

  test("that reaches the primary twice at one moment is one request", () => {
    const it = machine().boot();
    it.take({ type: "stop", reason: "sigint" });
    it.wait(20);
    expect(it.take({ type: "stop", reason: "sigterm" })).toEqual([]);
  });

  test("kills who is not done within drain_timeout and the grace for last hooks", () => {
    const it = machine({ drainTimeoutMs: 1_000 }).boot();
    it.take({ type: "stop", reason: "sigterm" });
    expect(only(it.wait(2_999), "kill")).toEqual([]);
    expect(only(it.wait(1), "kill")).toHaveLength(2);
  });

  test("ends a reload and answers who waits for it", () => {
    const it = machine().boot();
    reload(it);
    const effects = it.take({ type: "stop", reason: "sigterm" });
    expect(only(effects, "answer")).toEqual([
      { do: "answer", id: 1, reason: "the supervisor is stopping" },
    ]);
  });

  test("forks nothing any more", () => {
    const it = machine().boot();
    it.exits(1);
    it.take({ type: "stop", reason: "sigterm" });
    expect(only(it.wait(60_000), "fork")).toEqual([]);
  });
});

describe("scaling", () => {
  test("up forks the new slots alone and is answered when they are ready", () => {
    const it = machine().boot();
    const effects = it.take({ type: "scale", id: 5, workers: 3 });
    expect(only(effects, "fork")).toMatchObject([{ slot: 3 }]);
    expect(only(effects, "answer")).toEqual([]);
    expect(only(it.take({ type: "worker.ready", key: 3 }), "answer")).toHaveLength(1);
  });

  test("down drains the highest slots and is answered when they are gone", () => {
    const it = machine({ workers: 3 }).boot();
    expect(only(it.take({ type: "scale", id: 5, workers: 1 }), "drain")).toEqual([
      { do: "drain", key: 2 },
      { do: "drain", key: 3 },
    ]);
    it.exits(2, 0);
    expect(only(it.exits(3, 0), "answer")).toHaveLength(1);
  });
});
