/** What a state calls for by itself: passed deadlines, due forks, replacements, ends. */
import { drain, fork, kill, setSlot, setWorker, type Draft } from "./draft.js";
import { finishReload, roll } from "./reload.js";
import { isReady, spareToPromote, wanted, type Slot, type State, type Worker } from "./state.js";
import { formatDuration } from "../util/units.js";

export function settle(draft: Draft): void {
  passDeadlines(draft);
  if (draft.state.phase === "delaying" && draft.now >= (draft.state.delayUntil ?? 0)) {
    draft.state = { ...draft.state, phase: "draining" };
    for (const worker of draft.state.workers) drain(draft, worker, "stop");
  }
  switch (draft.state.phase) {
    case "starting":
    case "running":
    case "delaying":
      forkDue(draft);
      roll(draft);
      announce(draft);
      finishReload(draft);
      fillBench(draft);
      answerScalings(draft);
      return;
    case "draining":
    case "stopping":
      end(draft);
      return;
    case "stopped":
      return;
  }
}

function passDeadlines(draft: Draft): void {
  for (const worker of draft.state.workers) {
    if (worker.deadline === null || worker.deadline > draft.now) continue;
    if (worker.state === "draining") kill(draft, worker, "drain-timeout");
    else {
      kill(draft, worker, "boot-timeout", {
        code: "BOOT_FAILED",
        what: `worker ${worker.slot} was not ready within boot_timeout (${formatDuration(draft.state.settings.bootTimeoutMs)})`,
        remedy:
          "a script has to listen by then, a factory to return what serves; raise [supervisor] boot_timeout if it needs longer",
      });
    }
  }
}

const isDue = (slot: Slot, now: number): boolean => slot.forkAt !== null && slot.forkAt <= now;

function forkDue(draft: Draft): void {
  for (const slot of draft.state.slots) {
    if (!isDue(slot, draft.now)) continue;
    setSlot(draft, slot.id, { forkAt: null });
    if (wanted(draft.state, slot.id).length > 0) continue;
    const spare = spareToPromote(draft.state);
    if (spare === undefined) fork(draft, slot.id);
    else promote(draft, spare, slot);
  }
}

function promote(draft: Draft, spare: Worker, slot: Slot): void {
  setWorker(draft, spare.key, {
    slot: slot.id,
    since: draft.now,
    state: "starting",
    deadline: draft.now + draft.state.settings.bootTimeoutMs,
  });
  draft.effects.push({ do: "promote", key: spare.key, slot: slot.id, restarts: slot.restarts });
}

function announce(draft: Draft): void {
  const { phase, slots } = draft.state;
  if (phase !== "starting" || slots.length === 0) return;
  if (!slots.every((slot) => isReady(draft.state, slot.id))) return;
  draft.state = { ...draft.state, phase: "running" };
  draft.effects.push({ do: "announce" });
}

/** Spares are booted only when nothing else boots: they must not slow what is waited for. */
function fillBench(draft: Draft): void {
  const { phase, settings, workers, bench, reload } = draft.state;
  if (phase !== "running" || settings.spare === 0 || reload !== null) return;
  if (bench.forkAt !== null && bench.forkAt > draft.now) return;
  if (workers.some((worker) => worker.state === "starting")) return;
  const spares = workers.filter((worker) => worker.state === "spare").length;
  if (bench.forkAt !== null) setSlot(draft, 0, { forkAt: null });
  for (let missing = settings.spare - spares; missing > 0; missing -= 1) fork(draft, 0);
}

function answerScalings(draft: Draft): void {
  const { scalings, slots, workers } = draft.state;
  const settled =
    slots.every((slot) => isReady(draft.state, slot.id)) &&
    workers.every((worker) => worker.slot <= slots.length);
  if (!settled || scalings.length === 0) return;
  for (const { id } of scalings) draft.effects.push({ do: "answer", id, reason: null });
  draft.state = { ...draft.state, scalings: [] };
}

function end(draft: Draft): void {
  const { state } = draft;
  const asked = [...state.scalings, ...state.queued].map(({ id }) => id);
  for (const id of [...asked, ...(state.reload?.ids ?? [])]) {
    draft.effects.push({ do: "answer", id, reason: "the supervisor is stopping" });
  }
  draft.state = { ...draft.state, scalings: [], queued: [], reload: null, replacements: [] };
  if (state.workers.length > 0) return;
  draft.state = { ...draft.state, phase: "stopped" };
  draft.effects.push({ do: "end", failure: state.failure });
}

/** When the next `tick` is due; null when no time that passes would change the state. */
export function nextDeadline(state: State, now: number): number | null {
  const deadlines = state.workers.map((worker) => worker.deadline);
  const serving = state.phase === "starting" || state.phase === "running";
  const forks = serving || state.phase === "delaying" ? state.slots.map((slot) => slot.forkAt) : [];
  const { forkAt } = state.bench;
  // A spare that is due but has to let others boot first is looked at when they are ready.
  const spare = serving && forkAt !== null && forkAt > now ? forkAt : null;
  const delay = state.phase === "delaying" ? state.delayUntil : null;
  const times = [...deadlines, ...forks, spare, delay].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}
