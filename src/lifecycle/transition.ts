/**
 * The one place that decides: `transition(state, event, now, random)` returns the next state and the
 * effects that the primary performs. It first takes the event in, then settles: whatever the new state
 * calls for (a fork that is due, a deadline that has passed, an end that is reached) follows in the
 * same step, so no state is left half done.
 */
import { drain, kill, log, setWorker, workerOf, type Draft } from "./draft.js";
import type { Effect, Event } from "./events.js";
import { abandon, askReload, giveWay, prepared, resize } from "./reload.js";
import { settle } from "./settle.js";
import type { State, Worker } from "./state.js";
import { workerEnded } from "./worker-end.js";

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/**
 * A terminal, a shell and a process manager may each pass on the same signal: what comes this soon
 * after the first is the same request, not the impatient second one.
 */
const SAME_REQUEST_MS = 250;

export function transition(state: State, event: Event, now: number, random: number): Step {
  const draft: Draft = { state, effects: [], now, random };
  take(draft, event);
  settle(draft);
  return { state: draft.state, effects: draft.effects };
}

const serving = (draft: Draft): boolean =>
  draft.state.phase === "running" || draft.state.phase === "delaying";

function take(draft: Draft, event: Event): void {
  const worker = "key" in event ? workerOf(draft, event.key) : undefined;
  switch (event.type) {
    case "begin":
      if (draft.state.phase === "starting" && draft.state.slots.length === 0) {
        resize(draft, draft.state.settings.workers);
      }
      return;
    case "worker.loaded":
      if (worker?.state === "spare") setWorker(draft, worker.key, { loaded: true, deadline: null });
      return;
    case "worker.ready":
      if (worker?.state === "starting") becomeReady(draft, worker);
      return;
    case "worker.failed":
      if (worker !== undefined) setWorker(draft, worker.key, { failure: event.failure });
      return;
    case "worker.exited":
      if (worker !== undefined) workerEnded(draft, worker, event);
      return;
    case "worker.hung":
      if (worker?.state === "ready" || worker?.state === "draining") hung(draft, worker, event);
      return;
    case "worker.oversized":
      if (worker?.state === "ready" && serving(draft)) oversized(draft, worker, event.rssBytes);
      return;
    case "worker.asked":
      if (worker?.state === "ready" && serving(draft)) giveWay(draft, worker.slot, "signal");
      return;
    case "stop":
      stop(draft, event.reason);
      return;
    case "stop-now":
      stopNow(draft, event.reason);
      return;
    case "reload":
      askReload(draft, event.id, event.parallel);
      return;
    case "reload.prepared":
      if (serving(draft) && draft.state.reload?.stage === "preparing") {
        prepared(draft, event.settings);
      }
      return;
    case "reload.refused":
      if (draft.state.reload?.stage === "preparing") abandon(draft, event.reason, event.details);
      return;
    case "scale":
      scale(draft, event.id, event.workers);
      return;
    case "tick":
      return;
  }
}

function becomeReady(draft: Draft, worker: Worker): void {
  setWorker(draft, worker.key, { state: "ready", deadline: null, wasReady: true, failure: null });
  log(draft, {
    level: "info",
    event: "worker.ready",
    msg: `worker ${worker.slot} ready`,
    key: worker.key,
    fields: { generation: worker.generation },
  });
  const older = draft.state.workers.filter(
    (other) => other.slot === worker.slot && other.key < worker.key,
  );
  const item = draft.state.replacements.find(({ newcomer }) => newcomer === worker.key);
  for (const other of older) drain(draft, other, item?.reason ?? "reload");
}

function hung(draft: Draft, worker: Worker, event: Extract<Event, { type: "worker.hung" }>): void {
  log(draft, {
    level: "error",
    event: "worker.hung",
    msg: `worker ${worker.slot} is stuck: its event loop does not turn`,
    key: worker.key,
    fields: event.fields,
  });
  kill(draft, worker, worker.state === "draining" ? "drain-timeout" : "hang", {
    code: "CRASH_LOOP",
    what: `worker ${worker.slot} was stuck`,
    remedy: "see the stack in worker.hung",
  });
}

function oversized(draft: Draft, worker: Worker, rssBytes: number): void {
  if (draft.state.replacements.some(({ slot }) => slot === worker.slot)) return;
  log(draft, {
    level: "warn",
    event: "worker.memory",
    msg: `worker ${worker.slot} is above max_memory and is replaced`,
    key: worker.key,
    fields: { rss_bytes: rssBytes },
  });
  giveWay(draft, worker.slot, "memory");
}

function stop(draft: Draft, reason: string): void {
  const { phase, stopAskedAt, settings } = draft.state;
  if (stopAskedAt !== null) {
    if (draft.now - stopAskedAt >= SAME_REQUEST_MS) stopNow(draft, reason);
    return;
  }
  draft.state = { ...draft.state, stopAskedAt: draft.now, reason };
  if (phase !== "starting" && phase !== "running") return;
  const delayed = phase === "running" && settings.shutdownDelayMs > 0;
  const delayUntil = delayed ? draft.now + settings.shutdownDelayMs : draft.now;
  draft.state = { ...draft.state, phase: "delaying", delayUntil };
  log(draft, {
    level: "info",
    event: "supervisor.draining",
    msg: `stopping (${reason})`,
    fields: { reason, ...(delayed ? { shutdown_delay_ms: settings.shutdownDelayMs } : {}) },
  });
}

function stopNow(draft: Draft, reason: string): void {
  const { phase } = draft.state;
  if (phase === "stopping" || phase === "stopped") return;
  draft.state = {
    ...draft.state,
    phase: "stopping",
    reason,
    stopAskedAt: draft.state.stopAskedAt ?? draft.now,
  };
  log(draft, {
    level: "warn",
    event: "supervisor.draining",
    msg: `stopping at once (${reason})`,
    fields: { reason, at_once: true },
  });
  for (const worker of draft.state.workers) kill(draft, worker, "stop-now");
}

function scale(draft: Draft, id: number, workers: number): void {
  if (!serving(draft) && draft.state.phase !== "starting") {
    draft.effects.push({ do: "answer", id, reason: "the supervisor is stopping" });
    return;
  }
  const from = draft.state.slots.length;
  draft.state = {
    ...draft.state,
    scalings: [...draft.state.scalings, { id, from, to: workers }],
  };
  resize(draft, workers);
}
