/**
 * What the application gets (`ctx`, and the exports of the package): one for a process, found through
 * a global symbol so that the application's own copy of this package meets the same one.
 */
import type { Pool } from "pg";
import type { Config, Environment } from "../config/config.js";
import type { Logger } from "../log/logger.js";

/** What an application logs with. */
export type AppLogger = Pick<Logger, "debug" | "info" | "warn" | "error">;

export type ShutdownFunction = () => unknown;

export interface WorkerInfo {
  /** The slot, 1..N, reused after a restart; 0 outside a supervisor and while in reserve. */
  readonly id: number;
  /** Counts reloads, from 1; 0 outside a supervisor. */
  readonly generation: number;
  readonly pid: number;
}

/** The process's own pool with what its owner does to it. */
export interface OwnPool {
  readonly pool: Pool;
  /** Opens `pool.min` connections. */
  warm(): Promise<void>;
  end(timeoutMs: number): Promise<void>;
}

export interface Runtime {
  readonly env: Environment;
  readonly config: Config;
  readonly log: AppLogger;
  readonly worker: WorkerInfo;
  /** Aborted when the worker begins to drain. */
  readonly signal: AbortSignal;
  /** In the order they were registered; run in reverse. */
  readonly shutdown: ShutdownFunction[];
  /** Null until somebody wants it. */
  own: OwnPool | null;
}

const KEY = Symbol.for("dazzle-supervise.runtime");

const isRuntime = (value: unknown): value is Runtime =>
  typeof value === "object" && value !== null && "shutdown" in value && "own" in value;

export function currentRuntime(): Runtime | null {
  const found: unknown = Reflect.get(globalThis, KEY);
  return isRuntime(found) ? found : null;
}

export function installRuntime(runtime: Runtime): void {
  Reflect.set(globalThis, KEY, runtime);
}
