/** Every state, so that each always has a sample. */
import type { SupervisorState, WorkerState } from "./protocol.js";

const supervisor: Record<SupervisorState, true> = {
  starting: true,
  running: true,
  reloading: true,
  degraded: true,
  draining: true,
};

const worker: Record<WorkerState, true> = {
  starting: true,
  ready: true,
  draining: true,
  stopping: true,
  backoff: true,
};

export const SUPERVISOR_STATES: readonly string[] = Object.keys(supervisor);
export const WORKER_STATES: readonly string[] = Object.keys(worker);
