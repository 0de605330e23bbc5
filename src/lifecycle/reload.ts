/** Rolling reload, and single workers that give way to a successor. */
import { drain, fork, kill, log, setSlot, workerOf, type Draft } from "./draft.js";
import { newSlot, type Reason, type Reload, type Settings, type State } from "./state.js";

export function askReload(draft: Draft, id: number, parallel: number): void {
  const { state } = draft;
  if (state.phase !== "running") {
    const reason = state.phase === "starting" ? "still starting" : "stopping";
    draft.effects.push({ do: "answer", id, reason: `the supervisor is ${reason}` });
  } else if (state.reload === null) {
    begin(draft, [id], parallel);
  } else {
    draft.state = { ...state, queued: [...state.queued, { id, parallel }] };
  }
}

function begin(draft: Draft, ids: readonly number[], parallel: number): void {
  const { state, now } = draft;
  const { generation, settings } = state;
  draft.state = {
    ...state,
    reload: { ids, parallel, stage: "preparing", startedAt: now, from: { generation, settings } },
  };
  draft.effects.push({ do: "prepare" });
  log(draft, {
    level: "info",
    event: "reload.started",
    msg: `reload of ${state.slots.length} worker${state.slots.length === 1 ? "" : "s"}`,
    fields: { generation: state.lastGeneration + 1, workers: state.slots.length, parallel },
  });
}

/** Configuration, pin and migrations are in order: roll. */
export function prepared(draft: Draft, settings: Settings): void {
  const { state } = draft;
  if (state.reload === null) return;
  const before = state.settings.workers;
  const generation = state.lastGeneration + 1;
  draft.state = {
    ...state,
    settings,
    generation,
    lastGeneration: generation,
    reload: { ...state.reload, stage: "rolling" },
  };
  if (settings.workers !== before) resize(draft, settings.workers);
  draft.state = {
    ...draft.state,
    replacements: draft.state.slots
      .filter((slot) =>
        draft.state.workers.some(
          (worker) => worker.slot === slot.id && worker.generation < generation,
        ),
      )
      .map((slot) => ({ slot: slot.id, reason: "reload", newcomer: null })),
  };
  // A slot that waits after a crash need not wait any longer: what it runs next is another release.
  for (const slot of draft.state.slots) {
    if (slot.forkAt !== null)
      setSlot(draft, slot.id, { forkAt: draft.now, crashes: [], loopSince: null });
  }
  for (const worker of draft.state.workers) {
    if (worker.state === "spare") kill(draft, worker, "reload");
  }
}

/** Goes back: the newcomers that are not ready are killed, what serves goes on serving. */
export function abandon(draft: Draft, reason: string, details?: string): void {
  const { reload } = draft.state;
  if (reload === null) return;
  for (const { reason: why, newcomer } of draft.state.replacements) {
    const worker = newcomer === null ? undefined : workerOf(draft, newcomer);
    if (why === "reload" && worker?.state === "starting") kill(draft, worker, "abandoned");
  }
  draft.state = {
    ...draft.state,
    reload: null,
    generation: reload.from.generation,
    settings: reload.from.settings,
    replacements: draft.state.replacements.filter((item) => item.reason !== "reload"),
  };
  const renewed = draft.state.workers.filter(
    (worker) => worker.state === "ready" && worker.generation > reload.from.generation,
  ).length;
  const why =
    renewed === 0
      ? reason
      : `${reason}; ${renewed} of ${draft.state.slots.length} workers run the new release already and go on: mend it and reload again`;
  log(draft, {
    level: "error",
    event: "reload.abandoned",
    msg: `reload abandoned: ${why}`,
    fields: {
      reason: why,
      ...(details === undefined ? {} : { details }),
      duration_ms: Math.round(draft.now - reload.startedAt),
      renewed,
    },
  });
  answer(draft, reload, why);
}

function answer(draft: Draft, { ids }: Reload, reason: string | null): void {
  for (const id of ids) draft.effects.push({ do: "answer", id, reason });
}

/** Starts replacements that are due and ends those that are done. */
export function roll(draft: Draft): void {
  draft.state = {
    ...draft.state,
    replacements: draft.state.replacements.filter((item) => !isDone(draft.state, item)),
  };
  const limit = draft.state.reload?.parallel ?? 1;
  for (const item of draft.state.replacements) {
    if (item.newcomer !== null) continue;
    const running = draft.state.replacements.filter((other) => other.newcomer !== null).length;
    if (running >= limit) return;
    setSlot(draft, item.slot, { forkAt: null });
    const newcomer = fork(draft, item.slot);
    draft.state = {
      ...draft.state,
      replacements: draft.state.replacements.map((other) =>
        other === item ? { ...item, newcomer } : other,
      ),
    };
  }
}

/** Done when the newcomer is there and everybody older in its slot is gone. */
function isDone(state: State, item: State["replacements"][number]): boolean {
  if (item.newcomer === null) return false;
  const inSlot = state.workers.filter((worker) => worker.slot === item.slot);
  const newcomer = inSlot.find((worker) => worker.key === item.newcomer);
  return (
    newcomer === undefined ||
    (newcomer.state !== "starting" && inSlot.every((worker) => worker.key >= newcomer.key))
  );
}

export function finishReload(draft: Draft): void {
  const { reload, replacements, queued, generation, slots } = draft.state;
  if (reload?.stage === "rolling" && !replacements.some((item) => item.reason === "reload")) {
    draft.state = { ...draft.state, reload: null };
    log(draft, {
      level: "info",
      event: "reload.done",
      msg: `generation ${generation} serves`,
      fields: {
        generation,
        workers: slots.length,
        duration_ms: Math.round(draft.now - reload.startedAt),
      },
    });
    answer(draft, reload, null);
  }
  if (draft.state.phase === "running" && draft.state.reload === null && queued.length > 0) {
    draft.state = { ...draft.state, queued: [] };
    const ids = queued.map(({ id }) => id);
    begin(draft, ids, Math.max(...queued.map(({ parallel }) => parallel)));
  }
}

/** The slot's worker gives way once a successor is ready; asked twice, once is enough. */
export function giveWay(draft: Draft, slot: number, reason: Reason): void {
  if (draft.state.replacements.some((item) => item.slot === slot)) return;
  draft.state = {
    ...draft.state,
    replacements: [...draft.state.replacements, { slot, reason, newcomer: null }],
  };
}

/** More or fewer slots; the highest go first. */
export function resize(draft: Draft, count: number): void {
  const { slots } = draft.state;
  const kept = slots.filter((slot) => slot.id <= count);
  const added = Array.from({ length: Math.max(0, count - slots.length) }, (_, index) => ({
    ...newSlot(slots.length + index + 1),
    forkAt: draft.now,
  }));
  draft.state = {
    ...draft.state,
    slots: [...kept, ...added],
    replacements: draft.state.replacements.filter((item) => item.slot <= count),
  };
  for (const worker of draft.state.workers) {
    if (worker.slot > count) drain(draft, worker, "scale");
  }
}
