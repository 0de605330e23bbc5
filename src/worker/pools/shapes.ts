/**
 * The shapes that the files of this folder share: pg-pool's insides, as far as its types leave them
 * out (they have stood since its third major release), and what is known of a measured pool.
 */
import type pg from "pg";
import type { Histogram } from "../../sampling/histogram.js";
import type { ClosedCause, Connectivity, LeakReport } from "../../sampling/report.js";

/** What is known of a measured pool, on the pool itself: a lookup there costs nothing. */
export const MEASURED: unique symbol = Symbol("dazzle-supervise.measured");

/** The checkout that holds a client, on the client. */
export const CHECKOUT: unique symbol = Symbol("dazzle-supervise.checkout");

/** Marks the options of a pool that this program makes for the application. */
export const OWN: unique symbol = Symbol("dazzle-supervise.own");

export interface PooledClient extends pg.PoolClient {
  [CHECKOUT]?: Checkout | null;
  /** A function of its own for each checkout. */
  release: Release;
  /** How often it has been given back; kept by pg-pool. */
  _poolUseCount?: number;
  /** Undefined until the first answer of the server, false while a query is under way. */
  readyForQuery?: boolean;
  /** False once the connection has failed. */
  _queryable?: boolean;
  /** The application or the pool has ended it. */
  _ending?: boolean;
  _queryQueue?: readonly unknown[];
  /** The server's id of the connection; null before it is open. */
  processID?: number | null;
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
  readonly Client: new (options: pg.PoolOptions) => pg.Client & { processID?: number | null };
  newClient(item: PendingItem): void;
  _acquireClient(
    client: pg.PoolClient,
    item: PendingItem,
    idleListener: unknown,
    isNew: boolean,
  ): void;
  _isFull(): boolean;
  _pulseQueue(): void;
  _remove(client: pg.PoolClient, callback?: () => void): void;
  _clients: PooledClient[];
  _idle: { client: PooledClient; idleListener: unknown; timeoutId?: NodeJS.Timeout }[];
  _pendingQueue: PendingItem[];
  /** Those in it are closed when they are given back; later releases of pg-pool 3 have it. */
  _expired?: WeakSet<object>;
}

export interface Site {
  stack?: string;
}

/** A checkout, as its pool's lists and limits see it; made in checkout.ts. */
export interface Checkout extends PendingItem {
  state: "waiting" | "held" | "done";
  /** Milliseconds of the process's monotonic clock. */
  askedAt: number;
  heldSince: number;
  /** Holds the caller's stack; null when it was not noted. */
  site: Site | null;
  /** For a `pool.query()`, which gives its connection back by itself. */
  query: boolean;
  leakTold: boolean;
  /** The caller's. */
  caller: ConnectCallback;
  previous: Checkout | null;
  next: Checkout | null;
}

export interface CheckoutOwner {
  /** pg-pool has answered: with a client, or with an error. */
  answered(
    checkout: Checkout,
    error: Error | undefined,
    client: PooledClient | undefined,
    release: Release,
  ): void;
}

/** Oldest first. */
export interface CheckoutList {
  oldest: Checkout | null;
  newest: Checkout | null;
  size: number;
}

export interface Meter {
  readonly name: string;
  readonly waiting: CheckoutList;
  readonly held: CheckoutList;
  /** Checkouts that have ended, to be used again; linked by `next`. */
  spare: Checkout | null;
  spares: number;
  /**
   * The time that a connection is handed over at, where the clock has just been read: it is used
   * once. 0: the clock is to be read.
   */
  handingAt: number;
  readonly wait: Histogram;
  readonly use: Histogram;
  readonly create: Histogram;
  readonly slices: Uint32Array;
  /** Slice of the last arrival. */
  slice: number;
  /** First slice that has not been reported. */
  unreported: number;
  peak: number;
  checkouts: number;
  queued: number;
  timeouts: number;
  lastTimeout: string | null;
  created: number;
  returnedInTransaction: number;
  connectErrors: Map<string, number>;
  closed: Map<ClosedCause, number>;
  leaks: LeakReport[];
  /** What the server said when it had no connection left for this pool, and until when that counts. */
  refusal: { readonly until: number; readonly message: string } | null;
  /** Connections that are open now. */
  open: number;
  database: { state: Connectivity["state"]; since: number; error: string | null };
}

export interface AcquireTimer {
  /** A caller has begun to wait. */
  asked(): void;
  stop(): void;
}

export interface Keeper {
  /** Opens what is missing to `min`; rejects with the first failure. */
  fill(): Promise<void>;
  /** Looks whether connections are missing, and opens them in the background. */
  check(): void;
  /** An attempt to open a connection failed, whoever made it. */
  failed(): void;
  stop(): void;
}

/** Looks for connections that have fallen silent without an end. */
export interface Vigil {
  /** Call it about once a second. Answers at once; what it finds comes later. */
  look(now: number): void;
}

export interface MeasuredPool extends CheckoutOwner {
  readonly pool: Pool;
  readonly meter: Meter;
  readonly timer: AcquireTimer;
  readonly keeper: Keeper;
  readonly vigil: Vigil;
  /** Limit on opening one connection, in milliseconds; 0 none. */
  readonly openTimeoutMs: number;
  /** The application has set `connectionTimeoutMillis` itself. */
  readonly ownLimit: boolean;
  /** Connections are judged as they come back; else pg-pool's own rule holds: an error closes. */
  readonly careful: boolean;
  /** `pool.query()` is asking. */
  querying: boolean;
  /** What is asked by `pool.query()` is answered by a promise. */
  atOnce: boolean;
  /** A caller who is handed an idle connection must not be called before the next tick. */
  later: boolean;
}
