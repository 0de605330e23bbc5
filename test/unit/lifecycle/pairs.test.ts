import { describe, expect, test } from "vitest";
import type { Event } from "../../../src/lifecycle/events.js";
import { nextDeadline } from "../../../src/lifecycle/settle.js";
import { initialState, overall, type Phase, type State } from "../../../src/lifecycle/state.js";
import { transition } from "../../../src/lifecycle/transition.js";
import { machine, only, SETTINGS, type Machine } from "./machine.js";

/** A machine in each phase, with a worker whose key is 1 in each state that the phase knows. */
const SITUATIONS: Readonly<Record<string, () => Machine>> = {
  "before the first fork": () => machine(),
  "starting, nobody ready": () => begun(machine()),
  "starting, one ready": () => {
    const it = begun(machine());
    it.take({ type: "worker.ready", key: 1 });
    return it;
  },
  running: () => machine().boot(),
  "running with a spare": () => machine({ spare: 1 }).boot(),
  "running, one in backoff": () => {
    const it = machine().boot();
    it.exits(1);
    const [again = 0] = it.keys("starting");
    it.take({ type: "worker.ready", key: again });
    it.exits(again);
    return it;
  },
  "running, a spare loaded": () => withSpare(),
  "running, the spare promoted": () => {
    const it = withSpare();
    it.exits(1);
    return it;
  },
  "running, the spare in backoff": () => {
    const it = machine({ spare: 1 }).boot();
    it.exits(3);
    it.exits(4);
    return it;
  },
  "running, one in a crash loop": () => {
    const it = machine().boot();
    it.exits(1);
    it.take({ type: "worker.ready", key: 3 });
    it.exits(3);
    return it;
  },
  "running, one held for a change": () => {
    const it = machine({ holdCrashes: true }).boot();
    it.exits(1);
    it.take({ type: "worker.ready", key: 3 });
    it.exits(3);
    return it;
  },
  "running, scaling up": () => {
    const it = machine().boot();
    it.take({ type: "scale", id: 1, workers: 3 });
    return it;
  },
  "running, scaling down": () => {
    const it = machine().boot();
    it.take({ type: "scale", id: 1, workers: 1 });
    return it;
  },
  "one above its memory, its successor starting": () => {
    const it = machine().boot();
    it.take({ type: "worker.oversized", key: 1, rssBytes: 9 });
    return it;
  },
  "preparing a reload, another queued": () => {
    const it = machine().boot();
    it.take({ type: "reload", id: 1, parallel: 1 });
    it.take({ type: "reload", id: 2, parallel: 2 });
    return it;
  },
  "rolling with a spare, another reload queued": () => {
    const it = withSpare();
    it.take({ type: "reload", id: 1, parallel: 1 });
    it.take({ type: "reload.prepared", settings: { ...SETTINGS, spare: 1 } });
    it.take({ type: "reload", id: 2, parallel: 1 });
    return it;
  },
  "rolling two at once": () => {
    const it = machine().boot();
    it.take({ type: "reload", id: 1, parallel: 2 });
    it.take({ type: "reload.prepared", settings: SETTINGS });
    return it;
  },
  "delaying the stop during a reload": () => {
    const it = machine({ shutdownDelayMs: 5_000 }).boot();
    it.take({ type: "reload", id: 1, parallel: 1 });
    it.take({ type: "reload", id: 2, parallel: 1 });
    it.take({ type: "stop", reason: "sigterm" });
    return it;
  },
  "preparing a reload": () => {
    const it = machine().boot();
    it.take({ type: "reload", id: 1, parallel: 1 });
    return it;
  },
  "rolling, newcomer starting": rolling,
  "rolling, first one draining": () => {
    const it = rolling();
    it.take({ type: "worker.ready", key: 3 });
    return it;
  },
  "one killed for a hang": () => {
    const it = machine().boot();
    it.take({ type: "worker.hung", key: 1, fields: {} });
    return it;
  },
  "delaying the stop": () => {
    const it = machine({ shutdownDelayMs: 5_000 }).boot();
    it.take({ type: "stop", reason: "sigterm" });
    return it;
  },
  draining: () => {
    const it = machine().boot();
    it.take({ type: "stop", reason: "sigterm" });
    return it;
  },
  "stopping at once": () => {
    const it = machine().boot();
    it.take({ type: "stop-now", reason: "sigquit" });
    return it;
  },
  "giving up": () => {
    const it = begun(machine());
    it.exits(1);
    return it;
  },
  stopped: () => {
    const it = machine().boot();
    it.take({ type: "stop-now", reason: "sigquit" });
    it.exits(1);
    it.exits(2);
    return it;
  },
};

function begun(it: Machine): Machine {
  it.take({ type: "begin" });
  return it;
}

function withSpare(): Machine {
  const it = machine({ spare: 1 }).boot();
  it.take({ type: "worker.loaded", key: 3 });
  return it;
}

function rolling(): Machine {
  const it = machine().boot();
  it.take({ type: "reload", id: 1, parallel: 1 });
  it.take({ type: "reload.prepared", settings: SETTINGS });
  return it;
}

const FAILURE = { code: "BOOT_FAILED", what: "it broke", remedy: "mend it" } as const;

/** Of all workers that there are or have been, and of one that never was. */
const eventsFor = (state: State): Event[] => [
  { type: "begin" },
  ...Array.from({ length: state.nextKey }, (_worker, at) => at + 1).flatMap((key): Event[] => [
    { type: "worker.loaded", key },
    { type: "worker.ready", key },
    { type: "worker.failed", key, failure: FAILURE },
    { type: "worker.exited", key, code: 1, signal: null, lastWords: "" },
    { type: "worker.exited", key, code: 0, signal: null, lastWords: "" },
    { type: "worker.exited", key, code: null, signal: "SIGKILL", lastWords: "" },
    { type: "worker.hung", key, fields: {} },
    { type: "worker.oversized", key, rssBytes: 1 },
    { type: "worker.asked", key, signal: "SIGTERM" },
  ]),
  { type: "stop", reason: "sigterm" },
  { type: "stop-now", reason: "sigquit" },
  { type: "reload", id: 7, parallel: 1 },
  { type: "reload", id: 7, parallel: 3 },
  { type: "reload.prepared", settings: state.settings },
  { type: "reload.prepared", settings: { ...state.settings, workers: 3, spare: 1 } },
  { type: "reload.refused", reason: "no" },
  { type: "scale", id: 8, workers: 1 },
  { type: "scale", id: 9, workers: 4 },
  { type: "tick" },
];

/**
 * Whether an event means anything in a state. What means nothing must change nothing; what means something must
 * change something.
 */
function isMeant(state: State, event: Event): boolean {
  const worker = "key" in event ? state.workers.find(({ key }) => key === event.key) : undefined;
  const serves = state.phase === "running" || state.phase === "delaying";
  switch (event.type) {
    case "begin":
      return state.phase === "starting" && state.slots.length === 0;
    case "worker.loaded":
      return worker?.state === "spare" && !worker.loaded;
    case "worker.ready":
      return worker?.state === "starting";
    case "worker.failed":
    case "worker.exited":
      return worker !== undefined;
    case "worker.hung":
      return worker?.state === "ready" || worker?.state === "draining";
    case "worker.oversized":
    case "worker.asked":
      return (
        worker?.state === "ready" &&
        serves &&
        !state.replacements.some(({ slot }) => slot === worker.slot)
      );
    case "stop":
      // Soon after the first it is the same request, passed on twice.
      return state.stopAskedAt === null;
    case "stop-now":
      return state.phase !== "stopping" && state.phase !== "stopped";
    case "reload":
    case "scale":
      // At least an answer.
      return true;
    case "reload.prepared":
      return serves && state.reload?.stage === "preparing";
    case "reload.refused":
      return state.reload?.stage === "preparing";
    case "tick":
      return false;
  }
}

const named = (event: Event): string =>
  Object.values(event)
    .filter((part) => typeof part !== "object" && part !== "")
    .join(" ");

/** What holds in every state, whatever happened. */
function check(state: State, now: number): void {
  const slots = state.slots.map(({ id }) => id);
  expect(slots).toEqual(slots.map((_id, index) => index + 1));
  expect(new Set(state.workers.map(({ key }) => key)).size).toBe(state.workers.length);
  for (const worker of state.workers) {
    expect(worker.key).toBeLessThan(state.nextKey);
    if (worker.state === "starting" || worker.state === "draining") {
      expect(worker.deadline).not.toBeNull();
    }
    if (worker.state === "draining" || worker.state === "stopping") {
      expect(worker.reason).not.toBeNull();
    }
    if (worker.state === "spare") expect(worker.slot).toBe(0);
  }
  // No slot is forgotten: it has a worker, or one is coming, or nothing is to come any more.
  if (state.phase === "starting" || state.phase === "running" || state.phase === "delaying") {
    for (const slot of state.slots) {
      const someone = state.workers.some((worker) => worker.slot === slot.id);
      const coming =
        slot.forkAt !== null || state.replacements.some((item) => item.slot === slot.id);
      expect(someone || coming).toBe(true);
    }
  }
  if (state.phase === "draining" || state.phase === "stopping") {
    for (const worker of state.workers) {
      expect(["draining", "stopping"]).toContain(worker.state);
    }
  }
  if (state.phase === "stopped") expect(state.workers).toEqual([]);
  // A deadline in the past would make the primary spin.
  const due = nextDeadline(state, now);
  if (due !== null) expect(due).toBeGreaterThan(now);
}

describe("every state with every event", () => {
  for (const [situation, enter] of Object.entries(SITUATIONS)) {
    for (const [at, event] of eventsFor(enter().state()).entries()) {
      const meant = isMeant(enter().state(), event);
      const outcome = meant ? "leads to another sound state" : "changes nothing";
      test(`${situation}: ${named(event)} (${at}) ${outcome}`, () => {
        const it = enter();
        const before = it.state();
        const frozen = JSON.stringify(before);
        const effects = it.take(event);
        check(it.state(), it.now());
        expect(JSON.stringify(before)).toBe(frozen);
        if (!meant) {
          expect(it.state()).toEqual(before);
          expect(effects).toEqual([]);
        } else if (effects.length === 0) expect(it.state()).not.toEqual(before);
        if (before.phase === "stopped") {
          expect(effects.filter((effect) => effect.do !== "answer")).toEqual([]);
        }
        for (const { id } of only(effects, "answer")) expect(id).toBeGreaterThan(0);
      });
    }
  }
});

test("the same state, event, time and chance give the same step", () => {
  const state = machine().boot().state();
  const event: Event = { type: "worker.exited", key: 1, code: 1, signal: null, lastWords: "" };
  expect(transition(state, event, 5, 0.5)).toEqual(transition(state, event, 5, 0.5));
});

test("status calls each phase by one word", () => {
  const phases: readonly [Phase, string][] = [
    ["starting", "starting"],
    ["running", "running"],
    ["delaying", "draining"],
    ["draining", "draining"],
    ["stopping", "draining"],
    ["stopped", "draining"],
  ];
  for (const [phase, word] of phases) {
    expect(overall({ ...initialState(SETTINGS), phase })).toBe(word);
  }
});
