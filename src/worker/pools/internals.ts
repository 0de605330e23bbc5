/**
 * The parts of pg-pool 3 (that is, of pg 8) that its types leave out, in one place. They have stood
 * since its first release; a pool without them is left alone.
 */
import type pg from "pg";
import type { Checkout } from "./checkout.js";
import type { MeasuredPool } from "./measured-pool.js";

/** What is known of a measured pool, on the pool itself: a lookup there costs nothing. */
export const MEASURED: unique symbol = Symbol("dazzle-supervise.measured");

/** The checkout that holds a client, on the client. */
export const CHECKOUT: unique symbol = Symbol("dazzle-supervise.checkout");

/** Marks the options of a pool that this program makes for the application. */
export const OWN: unique symbol = Symbol("dazzle-supervise.own");

export interface PooledClient extends pg.PoolClient {
  [CHECKOUT]?: Checkout | null;
  /** How often it has been given back; kept by pg-pool. */
  _poolUseCount?: number;
  /** Undefined until the first answer of the server, false while a query is under way. */
  readyForQuery?: boolean;
  _queryQueue?: readonly unknown[];
}

export type Release = (error?: Error | boolean) => void;

export type ConnectCallback = (
  error: Error | undefined,
  client: PooledClient | undefined,
  release: Release,
) => void;

/** What pg-pool queues. */
export interface PendingItem {
  callback: ConnectCallback;
  timedOut?: boolean;
}

export interface Pool extends pg.Pool {
  [MEASURED]?: MeasuredPool;
  Promise?: PromiseConstructor;
  newClient(item: PendingItem): void;
  _isFull(): boolean;
  _pulseQueue(): void;
  _remove(client: pg.PoolClient, callback?: () => void): void;
  _clients: PooledClient[];
  _idle: { client: PooledClient }[];
  _pendingQueue: PendingItem[];
  /** Those in it are closed when they are given back; later releases of pg-pool 3 have it. */
  _expired?: WeakSet<object>;
}

const METHODS = ["connect", "end", "newClient", "_isFull", "_pulseQueue", "_remove", "_release"];

/** True for a pool of pg-pool, whichever copy and however it was loaded or bundled. */
export function isPool(value: object): value is Pool {
  // One lookup tells any other emitter apart: every one that a process makes passes here.
  return (
    "_pulseQueue" in value &&
    METHODS.every((name) => typeof Reflect.get(value, name) === "function")
  );
}
