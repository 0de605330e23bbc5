/**
 * The parts of pg-pool that its types leave out, in one place. Where a copy of pg-pool lacks one of
 * them, the pool is measured all the same and only what needs that part is left out.
 */
import type pg from "pg";
import type { Meter } from "./meter.js";

/** The meter of an instrumented pool, on the pool itself: a lookup costs nothing there. */
export const METER: unique symbol = Symbol("dazzle-supervise.meter");

/** Marks the options of a pool that this program makes for the application. */
export const OWN: unique symbol = Symbol("dazzle-supervise.own");

export interface PooledClient extends pg.PoolClient {
  /** How often it has been given back; kept by pg-pool. */
  _poolUseCount?: number;
}

export type Release = (error?: Error | boolean) => void;

export type ConnectCallback = (
  error: Error | undefined,
  client: PooledClient | undefined,
  release: Release,
) => void;

export interface PendingItem {
  callback: ConnectCallback;
  timedOut?: boolean;
}

export interface InstrumentedPool extends pg.Pool {
  [METER]?: Meter;
  Promise?: PromiseConstructor;
}

/** What opening and closing single connections needs. */
export interface PoolInternals extends InstrumentedPool {
  newClient(item: PendingItem): void;
  _remove(client: pg.PoolClient, callback?: () => void): void;
  _clients: PooledClient[];
  _idle: { client: PooledClient }[];
  _pendingQueue: PendingItem[];
  _pulseQueue(): void;
}

export function hasInternals(pool: pg.Pool): pool is PoolInternals {
  return (
    "newClient" in pool &&
    typeof pool.newClient === "function" &&
    "_remove" in pool &&
    typeof pool._remove === "function" &&
    "_clients" in pool &&
    Array.isArray(pool._clients) &&
    "_idle" in pool &&
    Array.isArray(pool._idle) &&
    "_pendingQueue" in pool &&
    Array.isArray(pool._pendingQueue)
  );
}

/** True for what pg-pool makes, whichever copy and however it was loaded or bundled. */
export function isPool(value: object): value is InstrumentedPool {
  return (
    "_pulseQueue" in value &&
    typeof value._pulseQueue === "function" &&
    "connect" in value &&
    typeof value.connect === "function" &&
    "newClient" in value &&
    typeof value.newClient === "function"
  );
}
