/** A state being changed, with the effects so far: what the handlers of one event share. */
import type { Effect } from "./events.js";
import type { Failure, Reason, Slot, State, Worker } from "./state.js";
import { within } from "./restart-policy.js";

export interface Draft {
  state: State;
  readonly effects: Effect[];
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/** What a worker may take beyond drain_timeout to report, run its last hooks and end. */
const KILL_GRACE_MS = 2_000;

export type Log = Extract<Effect, { do: "log" }>;

export const log = (draft: Draft, line: Omit<Log, "do">): void =>
  void draft.effects.push({ do: "log", ...line });

export const workerOf = (draft: Draft, key: number): Worker | undefined =>
  draft.state.workers.find((worker) => worker.key === key);

export function setWorker(draft: Draft, key: number, change: Partial<Worker>): void {
  draft.state = {
    ...draft.state,
    workers: draft.state.workers.map((worker) =>
      worker.key === key ? { ...worker, ...change } : worker,
    ),
  };
}

export function setSlot(draft: Draft, id: number, change: Partial<Slot>): void {
  const update = (slot: Slot) => (slot.id === id ? { ...slot, ...change } : slot);
  draft.state = {
    ...draft.state,
    slots: draft.state.slots.map(update),
    bench: update(draft.state.bench),
  };
}

export const slotOf = (draft: Draft, id: number): Slot | undefined =>
  id === 0 ? draft.state.bench : draft.state.slots.find((slot) => slot.id === id);

/** Forks into a slot (0: a spare) and returns the key of the new worker. */
export function fork(draft: Draft, slot: number): number {
  const { state, now } = draft;
  const key = state.nextKey;
  const worker: Worker = {
    key,
    slot,
    generation: state.generation,
    since: now,
    state: slot === 0 ? "spare" : "starting",
    deadline: now + state.settings.bootTimeoutMs,
    reason: null,
    wasReady: false,
    failure: null,
    loaded: false,
  };
  draft.state = { ...state, nextKey: key + 1, workers: [...state.workers, worker] };
  draft.effects.push({
    do: "fork",
    key,
    slot,
    generation: worker.generation,
    restarts: slotOf(draft, slot)?.restarts ?? 0,
  });
  return key;
}

/** Lets a worker finish. One that serves nothing yet is killed instead. */
export function drain(draft: Draft, worker: Worker, reason: Reason): void {
  if (worker.state === "draining" || worker.state === "stopping") return;
  if (worker.state !== "ready") {
    kill(draft, worker, reason);
    return;
  }
  setWorker(draft, worker.key, {
    state: "draining",
    reason,
    deadline: draft.now + draft.state.settings.drainTimeoutMs + KILL_GRACE_MS,
  });
  draft.effects.push({ do: "drain", key: worker.key });
}

/** Ends a worker at once. Its exit follows as an event of its own. */
export function kill(draft: Draft, worker: Worker, reason: Reason, failure?: Failure): void {
  if (worker.state === "stopping") return;
  setWorker(draft, worker.key, {
    state: "stopping",
    reason,
    deadline: null,
    ...(failure === undefined ? {} : { failure }),
  });
  draft.effects.push({ do: "kill", key: worker.key });
  log(draft, {
    level: worker.state === "starting" || worker.state === "spare" ? "info" : "warn",
    event: "worker.killed",
    msg: `worker ${worker.slot} killed (${reason})`,
    key: worker.key,
    fields: { reason },
  });
}

/** Unexpected ends of all slots inside the restart window. */
export const crashesNow = (draft: Draft): number =>
  draft.state.slots
    .map((slot) => within(slot.crashes, draft.state.settings.restartWindowMs, draft.now).length)
    .reduce((sum, count) => sum + count, 0);

/** Ends everything because it can't go on: who serves may finish, who boots is killed. */
export function giveUp(draft: Draft, failure: Failure): void {
  draft.state = { ...draft.state, phase: "draining", reason: "giving-up", failure };
  log(draft, {
    level: "error",
    event: "supervisor.draining",
    msg: `giving up: ${failure.what}`,
    fields: { reason: "giving-up", error: failure.what },
  });
  for (const worker of draft.state.workers) drain(draft, worker, "giving-up");
}
