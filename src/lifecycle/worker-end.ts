/** A worker has ended: was that expected, and if not, what follows. */
import { abandon } from "./reload.js";
import { crashesNow, giveUp, log, setSlot, slotOf, type Draft } from "./draft.js";
import type { Event } from "./events.js";
import { diedYoung, loopDelay, restartDelay, within } from "./restart-policy.js";
import { spareToPromote, wanted, type Failure, type Slot, type Worker } from "./state.js";
import { counted } from "../util/counted.js";
import { formatDuration } from "../util/units.js";

type Exited = Extract<Event, { type: "worker.exited" }>;

const UNEXPECTED_REASONS: readonly (string | null)[] = [null, "boot-timeout", "hang"];

const describeExit = (exit: Pick<Exited, "code" | "signal">): string =>
  exit.signal === null ? `exit code ${exit.code ?? "unknown"}` : `signal ${exit.signal}`;

const OUT_OF_MEMORY = /JavaScript heap out of memory|FatalProcessOutOfMemory/;

/** What ended a worker, in words: its own report first, else how it exited and its last lines. */
function failureOf(worker: Worker, exit: Exited): Failure {
  if (worker.failure !== null) return worker.failure;
  const when = worker.wasReady ? "" : " before it was ready";
  const how = OUT_OF_MEMORY.test(exit.lastWords)
    ? "ran out of heap memory"
    : `ended with ${describeExit(exit)}`;
  return {
    code: "BOOT_FAILED",
    what: `worker ${worker.slot} ${how}${when}`,
    remedy: OUT_OF_MEMORY.test(exit.lastWords)
      ? "raise --max-old-space-size in NODE_OPTIONS or find what grows"
      : "see its last lines",
    ...(exit.lastWords === "" ? {} : { details: exit.lastWords }),
  };
}

export function workerEnded(draft: Draft, worker: Worker, exit: Exited): void {
  const expected = !UNEXPECTED_REASONS.includes(worker.reason);
  const failure = expected ? null : failureOf(worker, exit);
  draft.state = {
    ...draft.state,
    workers: draft.state.workers.filter((other) => other.key !== worker.key),
  };
  log(draft, {
    level: expected ? "info" : "error",
    event: "worker.exit",
    msg: failure?.what ?? `worker ${worker.slot} ended (${worker.reason ?? ""})`,
    key: worker.key,
    fields: {
      code: exit.code,
      signal: exit.signal,
      expected,
      reason: worker.reason ?? (worker.wasReady ? "crash" : "boot-failure"),
      ready: worker.wasReady,
      generation: worker.generation,
    },
  });
  if (failure === null) return;
  const { phase } = draft.state;
  if (phase === "starting") giveUp(draft, failure);
  else if (phase === "running" || phase === "delaying") replace(draft, worker, failure, exit);
}

/** What an unexpected end leads to while the supervisor serves. */
function replace(draft: Draft, worker: Worker, failure: Failure, exit: Exited): void {
  const { reload, generation, replacements } = draft.state;
  const newcomer = replacements.find((replacement) => replacement.newcomer === worker.key);
  if (newcomer !== undefined) {
    draft.state = {
      ...draft.state,
      replacements: replacements.filter((replacement) => replacement !== newcomer),
    };
  }
  const fault = !worker.wasReady && worker.generation === generation;
  if (reload?.stage === "rolling" && fault) abandon(draft, failure.what, failure.details);
  // The worker that was to be replaced still serves, or another is on its way.
  if (wanted(draft.state, worker.slot).length > 0) return;
  restart(draft, worker, failure, exit);
}

/** A day: until the next reload, that is. */
const HOLD_MS = 86_400_000;

function restart(draft: Draft, worker: Worker, failure: Failure, exit: Exited): void {
  const id = worker.slot;
  const slot = slotOf(draft, id);
  if (slot === undefined || slot.forkAt !== null) return;
  const { maxRestarts, restartWindowMs, holdCrashes } = draft.state.settings;
  const crashes = [...within(slot.crashes, restartWindowMs, draft.now), draft.now];
  const byItself = endedByItself(worker, exit);
  const loopSince = byItself ? loopBegan(draft, worker, slot, crashes) : slot.loopSince;
  setSlot(draft, id, { crashes, loopSince, restarts: slot.restarts + 1 });
  if (holdCrashes && byItself && (crashes.length > 1 || !worker.wasReady)) {
    setSlot(draft, id, { forkAt: draft.now + HOLD_MS });
    log(draft, {
      level: "warn",
      event: "worker.restarting",
      msg: `worker ${id} crashed: waiting for a change`,
      fields: { worker: id, error: failure.what },
    });
    return;
  }
  const inLoop = byItself && crashes.length > 1 && id !== 0 && loopSince !== null;
  const served = worker.wasReady && !byItself;
  const delay =
    (inLoop ? delayInLoop(draft, worker) : null) ??
    (served && id !== 0 && spareToPromote(draft.state) !== undefined
      ? 0
      : restartDelay(crashes.length, draft.random, served));
  setSlot(draft, id, { forkAt: draft.now + delay });
  const all = crashesNow(draft);
  if (all > maxRestarts) {
    giveUp(draft, {
      ...failure,
      code: "CRASH_LOOP",
      what: `workers ended unexpectedly ${counted(all, "time")} within ${formatDuration(restartWindowMs)}; the last: ${failure.what}`,
    });
    return;
  }
  if (id === 0) return;
  log(draft, {
    level: "warn",
    event: "worker.restarting",
    msg: `worker ${id} is replaced ${delay === 0 ? "at once" : `in ${delay} ms`}`,
    fields: { worker: id, delay_ms: delay, crashes: all, max_restarts: maxRestarts },
  });
}

/** Signals that a process brings on itself: abort, and what the processor refuses to do. */
const OWN_SIGNALS: readonly string[] = [
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGILL",
  "SIGSEGV",
  "SIGSYS",
  "SIGTRAP",
];

/** By its own code, not by somebody's signal or for being stuck. */
const endedByItself = (worker: Worker, { signal }: Exited): boolean =>
  worker.reason === null && (signal === null || OWN_SIGNALS.includes(signal));

/** When the crash loop began that this end belongs to; null: the worker lived too long for one. */
function loopBegan(
  { state: { settings }, now }: Draft,
  worker: Worker,
  slot: Slot,
  crashes: readonly number[],
): number | null {
  if (!diedYoung(now - worker.since, settings)) return null;
  if (slot.loopSince !== null && slot.loopSince > now - settings.restartWindowMs) {
    return slot.loopSince;
  }
  // The crash that this worker was the answer to is the loop's first.
  return crashes.length === 1 ? now : worker.since;
}

function delayInLoop({ state, now, random }: Draft, worker: Worker): number | null {
  const { settings, slots } = state;
  const began = slots.flatMap(({ loopSince }) => loopSince ?? []);
  const looping = within(began, settings.restartWindowMs, now);
  const since = Math.min(...looping);
  const loop = {
    since,
    crashes: slots.flatMap(({ crashes }) => crashes.filter((time) => time >= since)).length,
    slots: looping.length,
    livedMs: now - worker.since,
    lastPlanned: Math.max(...slots.map(({ forkAt }) => forkAt ?? 0)),
  };
  return loopDelay(loop, settings, now, random);
}
