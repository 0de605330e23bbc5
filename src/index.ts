/**
 * What an application imports: `import { pool, env, log, worker, onShutdown } from "dazzle-supervise"`.
 * Inside a worker these are the supervisor's; outside one they are made for this one process.
 */
import type { Pool } from "pg";
import type { Config, Environment } from "./config/config.js";
import { ownPool } from "./worker/own-pool.js";
import {
  currentRuntime,
  type AppLogger,
  type ShutdownFunction,
  type WorkerInfo,
} from "./worker/runtime.js";
import { standaloneRuntime } from "./worker/standalone.js";

const runtime = currentRuntime() ?? standaloneRuntime();

/** What a factory, `export default function createApp(ctx)`, is given. */
export interface AppContext {
  /** The worker's own pool, between `pool.min` and `pool.max` connections. */
  readonly pool: Pool;
  readonly env: Environment;
  /** The effective configuration. */
  readonly config: Config;
  readonly log: AppLogger;
  readonly worker: WorkerInfo;
  /** Aborted when the worker begins to drain. */
  readonly signal: AbortSignal;
  /** Registers what is run when the worker's requests are done, last registered first. */
  onShutdown(run: ShutdownFunction): void;
}

export type { AppLogger, Config, Environment, Pool, ShutdownFunction, WorkerInfo };

/** A real `pg.Pool`. Outside a supervisor it connects when it is first used. */
export const pool: Pool = ownPool(runtime).pool;
export const env: Environment = runtime.env;
export const log: AppLogger = runtime.log;
export const worker: WorkerInfo = runtime.worker;

/** Registers what is run when the worker's requests are done, last registered first. */
export function onShutdown(run: ShutdownFunction): void {
  runtime.shutdown.push(run);
}
