/**
 * Walks from the start through everything that can happen, state by state, and from each state to a rest:
 * nothing that was asked for goes unanswered, and nothing waits for ever.
 */
import { expect, test } from "vitest";
import type { Effect, Event } from "../../../src/lifecycle/events.js";
import { nextDeadline } from "../../../src/lifecycle/settle.js";
import { initialState, type Settings, type State } from "../../../src/lifecycle/state.js";
import { transition } from "../../../src/lifecycle/transition.js";
import { only, SETTINGS } from "./machine.js";

/** A state, and what was asked for and answered on the way to it. */
interface Point {
  readonly state: State;
  readonly now: number;
  readonly asked: number;
  readonly answered: readonly number[];
  readonly path: readonly string[];
}

const step = (point: Point, event: Event, ms = 0): { point: Point; effects: readonly Effect[] } => {
  const now = point.now + ms;
  const { state, effects } = transition(point.state, event, now, 0);
  const asks = event.type === "reload" || event.type === "scale";
  return {
    effects,
    point: {
      state,
      now,
      asked: point.asked + (asks ? 1 : 0),
      answered: [...point.answered, ...only(effects, "answer").map(({ id }) => id)],
      path: [...point.path, "key" in event ? `${event.type} ${event.key}` : event.type],
    },
  };
};

/** What can happen now: nothing that the processes there are would not do. */
function possible({ state, asked, now }: Point): [Event, number][] {
  const id = asked + 1;
  const due = nextDeadline(state, now);
  const events: [Event, number][] = [
    [{ type: "stop", reason: "sigterm" }, 1_000],
    [{ type: "stop-now", reason: "sigquit" }, 0],
    ...(due === null ? [] : ([[{ type: "tick" }, due - now]] as [Event, number][])),
  ];
  if (asked < 3) {
    events.push([{ type: "reload", id, parallel: 1 }, 0], [{ type: "scale", id, workers: 1 }, 0]);
    events.push([{ type: "scale", id, workers: 3 }, 0]);
  }
  if (state.reload?.stage === "preparing") {
    events.push([{ type: "reload.prepared", settings: state.settings }, 0]);
    events.push([{ type: "reload.refused", reason: "no" }, 0]);
  }
  for (const worker of state.workers) {
    const { key } = worker;
    events.push([{ type: "worker.exited", key, code: 1, signal: null, lastWords: "" }, 100]);
    if (worker.state === "starting") events.push([{ type: "worker.ready", key }, 0]);
    if (worker.state === "spare" && !worker.loaded)
      events.push([{ type: "worker.loaded", key }, 0]);
    if (worker.state === "ready") {
      events.push([{ type: "worker.hung", key, fields: {} }, 0]);
      events.push([{ type: "worker.oversized", key, rssBytes: 1 }, 0]);
    }
  }
  return events;
}

/** Times count from now, keys from the first: what looks the same behaves the same. */
function shapeOf({ state, now, asked, answered }: Point): string {
  const lowest = Math.min(...state.workers.map(({ key }) => key), state.nextKey);
  const ago = (time: number | null) => (time === null ? null : Math.round(time - now));
  return JSON.stringify([
    state.phase,
    state.settings,
    state.lastGeneration - state.generation,
    state.workers.map((one) => [
      one.key - lowest,
      one.slot,
      one.state,
      one.loaded,
      one.reason,
      ago(one.deadline),
      state.generation - one.generation,
      one.wasReady,
    ]),
    [...state.slots, state.bench].map((slot) => [
      ago(slot.forkAt),
      slot.crashes.map(ago),
      ago(slot.loopSince),
    ]),
    state.replacements.map((item) => [
      item.slot,
      item.reason,
      item.newcomer === null ? null : item.newcomer - lowest,
    ]),
    state.reload === null ? null : [state.reload.stage, state.reload.parallel, state.reload.ids],
    [state.queued, state.scalings, asked - answered.length, asked],
  ]);
}

/** Everybody does what is expected of them from here on; returns where that ends. */
function rest(from: Point): Point {
  let point = from;
  for (let turn = 0; turn < 200; turn += 1) {
    const { state, now } = point;
    const ending = state.workers.find(
      (one) => one.state === "draining" || one.state === "stopping",
    );
    const booting = state.workers.find((one) => one.state === "starting");
    const loading = state.workers.find((one) => one.state === "spare" && !one.loaded);
    const due = nextDeadline(state, now);
    if (state.reload?.stage === "preparing") {
      point = step(point, { type: "reload.prepared", settings: state.settings }).point;
    } else if (booting !== undefined) {
      point = step(point, { type: "worker.ready", key: booting.key }).point;
    } else if (ending !== undefined) {
      const { key } = ending;
      point = step(point, {
        type: "worker.exited",
        key,
        code: 0,
        signal: null,
        lastWords: "",
      }).point;
    } else if (loading !== undefined) {
      point = step(point, { type: "worker.loaded", key: loading.key }).point;
    } else if (due !== null) point = step(point, { type: "tick" }, due - now).point;
    else return point;
  }
  return expect.unreachable(`no rest after ${from.path.join(", ")}`);
}

function checkRest(from: Point): void {
  const { state, answered, asked } = rest(from);
  const way = from.path.join(", ");
  // Once each, whatever came in between.
  expect([...answered].sort(), way).toEqual(Array.from({ length: asked }, (_id, at) => at + 1));
  if (state.phase === "stopped") return;
  expect(state.phase, way).toBe("running");
  expect(state.reload, way).toBeNull();
  expect(state.replacements, way).toEqual([]);
  for (const { id } of state.slots) {
    const inSlot = state.workers.filter(({ slot }) => slot === id);
    expect(
      inSlot.map((worker) => worker.state),
      way,
    ).toEqual(["ready"]);
  }
  expect(
    state.workers.filter(({ slot }) => slot > state.slots.length),
    way,
  ).toEqual([]);
  const spares = state.workers.filter((worker) => worker.state === "spare");
  expect(spares.length, way).toBeLessThanOrEqual(Math.max(1, state.settings.spare));
}

function explore(settings: Partial<Settings>, depth: number, most: number): number {
  const begin: Point = {
    state: initialState({ ...SETTINGS, ...settings }),
    now: 1_000,
    asked: 0,
    answered: [],
    path: [],
  };
  const seen = new Set<string>();
  let edge = [step(begin, { type: "begin" }).point];
  for (let at = 0; at < depth && seen.size < most; at += 1) {
    const next: Point[] = [];
    for (const point of edge) {
      for (const [event, ms] of possible(point)) {
        const reached = step(point, event, ms).point;
        const shape = shapeOf(reached);
        if (seen.has(shape)) continue;
        seen.add(shape);
        checkRest(reached);
        if (seen.size >= most) return seen.size;
        next.push(reached);
      }
    }
    edge = next;
  }
  return seen.size;
}

test.each<[string, Partial<Settings>]>([
  ["one worker", { workers: 1 }],
  ["two workers", { workers: 2 }],
  ["two workers and a spare", { workers: 2, spare: 1 }],
  ["one worker with a delayed stop", { workers: 1, shutdownDelayMs: 5_000 }],
])(
  "from every state that can be reached, %s come to rest and every question has one answer",
  (_name, settings) => {
    expect(explore(settings, 8, 1_500)).toBeGreaterThan(1_000);
  },
  60_000,
);
