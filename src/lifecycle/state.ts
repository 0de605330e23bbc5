/**
 * The supervisor's state as plain data. What changes it is in transition.ts; nothing here acts.
 *
 * Phases of the supervisor:
 * - `starting`: the first generation boots. Left for `running` when every worker is ready, for
 *   `stopping` when one cannot boot.
 * - `running`: every slot has a worker, or a plan to get one: a fork, a backoff, a replacement.
 *   Left for `delaying` or `draining` when asked to stop, for `stopping` when giving up.
 * - `delaying`: asked to stop, not ready any more, still accepting (`shutdown_delay`).
 * - `draining`: every worker has been told to drain; none is forked. Left when the last is gone.
 * - `stopping`: every worker has been killed, either because somebody wants to stop at once or
 *   because the supervisor gives up. Left when the last is gone.
 * - `stopped`: no worker is left and the outcome is known.
 *
 * States of a worker:
 * - `spare`: booted or booting, application loaded, in no slot. Left when promoted into a slot.
 * - `starting`: forked, not yet ready. Left when it says ready, fails, or its deadline passes.
 * - `ready`: serves. Left when it is told to drain, hangs, or dies.
 * - `draining`: finishes what is in flight. Left when it exits or its deadline passes.
 * - `stopping`: has been killed and is not yet gone.
 */
import type { ErrorCode } from "../errors.js";

/** What the policies need of the configuration. Durations are milliseconds. */
export interface Settings {
  readonly workers: number;
  readonly bootTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly shutdownDelayMs: number;
  readonly maxRestarts: number;
  readonly restartWindowMs: number;
  readonly spare: number;
  /** Development, after a change: code that crashes again waits for the next change. */
  readonly holdCrashes: boolean;
}

export type Phase = "starting" | "running" | "delaying" | "draining" | "stopping" | "stopped";
export type WorkerState = "spare" | "starting" | "ready" | "draining" | "stopping";

/** Why a worker is drained, killed or replaced. */
export type Reason =
  | "reload"
  | "scale"
  | "memory"
  | "signal"
  | "hang"
  | "crash"
  | "boot-failure"
  | "boot-timeout"
  | "drain-timeout"
  | "abandoned"
  | "stop"
  | "stop-now"
  | "giving-up";

/** A failure as data: what the error catalogue needs to make the error. */
export interface Failure {
  readonly code: ErrorCode;
  readonly what: string;
  readonly remedy: string;
  readonly where?: string;
  /** The worker's own words: a stack, its last lines. */
  readonly details?: string;
}

export interface Worker {
  /** Counts forks; never reused. */
  readonly key: number;
  /** 1..N; 0 for a spare. */
  readonly slot: number;
  readonly generation: number;
  /** When it was forked, or promoted. */
  readonly since: number;
  readonly state: WorkerState;
  /** When it is given up on in this state; null = never. */
  readonly deadline: number | null;
  /** Why it drains or stops; null while it is wanted. */
  readonly reason: Reason | null;
  readonly wasReady: boolean;
  /** What it said went wrong, before its end. */
  readonly failure: Failure | null;
  /** Spares only: the application is loaded. */
  readonly loaded: boolean;
}

export interface Slot {
  readonly id: number;
  /** When the next fork is due; null = no fork is being waited for. */
  readonly forkAt: number | null;
  /** Unexpected ends in this slot inside the restart window, oldest first. */
  readonly crashes: readonly number[];
  /** When the crash loop began that its workers are in; null: in none. */
  readonly loopSince: number | null;
  /** All replacements after an unexpected end. */
  readonly restarts: number;
}

/** A worker that gives way to another once that one is ready. */
export interface Replacement {
  readonly slot: number;
  readonly reason: Reason;
  /** The newcomer's key; null while this one waits for its turn. */
  readonly newcomer: number | null;
}

export interface Reload {
  /** Who asked for it. */
  readonly ids: readonly number[];
  readonly parallel: number;
  readonly stage: "preparing" | "rolling";
  readonly startedAt: number;
  /** What an abandoned reload goes back to. */
  readonly from: { readonly generation: number; readonly settings: Settings };
}

export interface State {
  readonly phase: Phase;
  /** Why the phase is what it is, in a word; null when all is normal. */
  readonly reason: string | null;
  readonly settings: Settings;
  /** What new workers are forked as. */
  readonly generation: number;
  /** The highest generation there has been; the number of an abandoned one is not used again. */
  readonly lastGeneration: number;
  readonly nextKey: number;
  readonly slots: readonly Slot[];
  /** Slot 0: the restarts of spares. */
  readonly bench: Slot;
  readonly workers: readonly Worker[];
  readonly replacements: readonly Replacement[];
  readonly reload: Reload | null;
  /** Reloads asked for during one; they become one reload when it has ended. */
  readonly queued: readonly { readonly id: number; readonly parallel: number }[];
  /** Scalings whose workers are not there yet. */
  readonly scalings: readonly { readonly id: number; readonly from: number; readonly to: number }[];
  /** When somebody first asked to stop. */
  readonly stopAskedAt: number | null;
  /** When `delaying` ends. */
  readonly delayUntil: number | null;
  /** Why the supervisor gives up; null = it does not. */
  readonly failure: Failure | null;
}

/** A supervisor that has forked nothing yet. */
export function initialState(settings: Settings): State {
  return {
    phase: "starting",
    reason: null,
    settings,
    generation: 1,
    lastGeneration: 1,
    nextKey: 1,
    slots: [],
    bench: newSlot(0),
    workers: [],
    replacements: [],
    reload: null,
    queued: [],
    scalings: [],
    stopAskedAt: null,
    delayUntil: null,
    failure: null,
  };
}

export const newSlot = (id: number): Slot => ({
  id,
  forkAt: null,
  crashes: [],
  loopSince: null,
  restarts: 0,
});

/** Workers of a slot that are meant to stay: starting or ready. */
export const wanted = (state: State, slot: number): readonly Worker[] =>
  state.workers.filter(
    (worker) => worker.slot === slot && (worker.state === "starting" || worker.state === "ready"),
  );

export const isReady = (state: State, slot: number): boolean =>
  wanted(state, slot).some((worker) => worker.state === "ready");

/** A spare that has loaded the application. */
export const spareToPromote = (state: State): Worker | undefined =>
  state.workers.find((worker) => worker.state === "spare" && worker.loaded);

/** What `status` calls the whole. */
export function overall(
  state: State,
): "starting" | "running" | "reloading" | "degraded" | "draining" {
  switch (state.phase) {
    case "starting":
      return "starting";
    case "delaying":
    case "draining":
    case "stopping":
    case "stopped":
      return "draining";
    case "running":
      if (!state.slots.every((slot) => isReady(state, slot.id))) return "degraded";
      return state.reload === null ? "running" : "reloading";
  }
}
