/** Drives the state machine from event to event, as the primary would, with a clock of its own. */
import type { Effect, Event } from "../../../src/lifecycle/events.js";
import { initialState, type Settings, type State } from "../../../src/lifecycle/state.js";
import { transition } from "../../../src/lifecycle/transition.js";

export const SETTINGS: Settings = {
  workers: 2,
  bootTimeoutMs: 60_000,
  drainTimeoutMs: 30_000,
  shutdownDelayMs: 0,
  maxRestarts: 3,
  restartWindowMs: 60_000,
  spare: 0,
  holdCrashes: false,
};

export interface Machine {
  state(): State;
  /** Takes an event and returns its effects. */
  take(event: Event): readonly Effect[];
  /** Moves the clock on and lets deadlines pass. */
  wait(ms: number): readonly Effect[];
  now(): number;
  /** The keys of workers in a state, lowest first. */
  keys(worker: State["workers"][number]["state"]): number[];
  /** Forks the first generation and makes it ready. */
  boot(): Machine;
  exits(key: number, code?: number | null, signal?: string | null): readonly Effect[];
}

/** `random` is what chance always says. */
export function machine(settings: Partial<Settings> = {}, random = 0): Machine {
  let state = initialState({ ...SETTINGS, ...settings });
  let now = 1_000;
  const self: Machine = {
    state: () => state,
    take: (event) => {
      const step = transition(state, event, now, random);
      state = step.state;
      return step.effects;
    },
    wait: (ms) => {
      now += ms;
      return self.take({ type: "tick" });
    },
    now: () => now,
    keys: (wanted) =>
      state.workers.filter((worker) => worker.state === wanted).map(({ key }) => key),
    boot: () => {
      self.take({ type: "begin" });
      for (const key of self.keys("starting")) self.take({ type: "worker.ready", key });
      return self;
    },
    exits: (key, code = 1, signal = null) =>
      self.take({ type: "worker.exited", key, code, signal, lastWords: "" }),
  };
  return self;
}

/** The effects of one kind. */
export const only = <Kind extends Effect["do"]>(
  effects: readonly Effect[],
  kind: Kind,
): Extract<Effect, { do: Kind }>[] =>
  effects.filter((effect): effect is Extract<Effect, { do: Kind }> => effect.do === kind);

export const logged = (effects: readonly Effect[]): string[] =>
  only(effects, "log").map(({ event }) => event);
