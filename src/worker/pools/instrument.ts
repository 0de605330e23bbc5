/**
 * Measuring a pool: its prototype's `connect` is wrapped once for each copy of pg-pool, and each
 * pool carries its meter. `pool.query` and every library on top come through `connect`, in its
 * callback or its promise form. What a caller sees stays as pg-pool has it.
 */
import { reason } from "../../postgres/connect-error.js";
import { sqlstateOf } from "../../postgres/sqlstate.js";
import type { ClosedCause } from "../../sampling/report.js";
import { record } from "../../sampling/histogram.js";
import type { Checkout } from "./checkout.js";
import {
  METER,
  type ConnectCallback,
  type InstrumentedPool,
  type PooledClient,
  type Release,
} from "./internals.js";
import {
  ask,
  countClosed,
  countConnectError,
  giveBack,
  giveUp,
  handOver,
  setDatabase,
  type Meter,
} from "./meter.js";
import { traceTo } from "./site.js";
import { ended, rejectWaiting } from "./waiters.js";

const patched = new WeakSet();
const openedAt = new WeakMap<object, number>();
const closing = new WeakMap<object, ClosedCause>();

const nothing = (): void => undefined;

/** Says why a connection is about to be closed; the first to say so is right. */
export function noteClosing(client: object, cause: ClosedCause): void {
  if (!closing.has(client)) closing.set(client, cause);
}

/** When a connection began to be opened, in milliseconds of the monotonic clock. */
export function openingOf(client: object): number | undefined {
  return openedAt.get(client);
}

/** Measures `pool` from now on. `onIdleError` hears of connections that ended while idle. */
export function attach(
  pool: InstrumentedPool,
  meter: Meter,
  onIdleError: (error: Error) => void,
): void {
  patch(pool);
  Object.defineProperty(pool, METER, { value: meter });
  // Without a listener the process dies when the server ends an idle connection.
  pool.on("error", onIdleError);
  pool.on("connect", (client) => {
    const began = openedAt.get(client);
    if (began !== undefined) record(meter.create, performance.now() - began);
    meter.created += 1;
    meter.open += 1;
    setDatabase(meter, "connected");
    // Likewise for one that ends while the application holds it: its next query says so.
    client.on("error", () => noteClosing(client, "server"));
  });
  const removed = new WeakSet();
  pool.on("remove", (client) => {
    // Told twice of one that was destroyed at the pool's end and given back afterwards.
    if (removed.has(client)) return;
    removed.add(client);
    meter.open = Math.max(0, meter.open - 1);
    countClosed(meter, closing.get(client) ?? causeOf(pool, client));
  });
}

/** pg-pool closes connections of its own accord too, and does not say why. */
function causeOf(pool: InstrumentedPool, client: PooledClient): ClosedCause {
  if (pool.ending) return "shutdown";
  const { maxUses, maxLifetimeSeconds } = pool.options;
  if ((client._poolUseCount ?? 0) >= maxUses) return "uses";
  const age = performance.now() - (openedAt.get(client) ?? performance.now());
  return maxLifetimeSeconds > 0 && age >= maxLifetimeSeconds * 1_000 ? "lifetime" : "idle";
}

/** Wraps the prototype that `connect` lives on, once. */
export function patch(pool: InstrumentedPool): void {
  // pg-pool's own class: a subclass of the application that overrides connect calls this one.
  const prototype = ownerOf(pool, "_pulseQueue");
  if (prototype === null || patched.has(prototype)) return;
  patched.add(prototype);
  replace(prototype, "connect", measured);
  replace(prototype, "newClient", timed);
  replace(prototype, "end", releasing);
}

function ownerOf(object: object, key: string): object | null {
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, key)) owner = parentOf(owner);
  return owner;
}

function parentOf(object: object): object | null {
  const parent: unknown = Object.getPrototypeOf(object);
  return typeof parent === "object" ? parent : null;
}

/** A method of pg-pool, as far as it is wrapped here. */
type Method = (this: InstrumentedPool, argument?: unknown) => unknown;

function replace(prototype: object, key: string, wrap: (original: Method) => unknown): void {
  const original: unknown = Reflect.get(prototype, key);
  if (!isMethod(original)) return;
  Object.defineProperty(prototype, key, {
    configurable: true,
    enumerable: false,
    writable: true,
    value: wrap(original),
  });
}

function isMethod(value: unknown): value is Method {
  return typeof value === "function";
}

function measured(original: Method) {
  return function connect(this: InstrumentedPool, callback?: ConnectCallback): unknown {
    const meter = this[METER];
    if (meter === undefined || this.ending) return original.call(this, callback);
    if (typeof callback === "function") {
      begin(this, meter, original, callback);
      return undefined;
    }
    const Promised = this.Promise ?? Promise;
    return new Promised<PooledClient | undefined>((resolve, reject) => {
      begin(this, meter, original, (error, client) => {
        if (error) reject(error);
        else resolve(client);
      });
    });
  };
}

function begin(
  pool: InstrumentedPool,
  meter: Meter,
  original: Method,
  callback: ConnectCallback,
): void {
  const { hooks } = meter;
  const refusal = hooks === null ? null : hooks.refusal();
  if (refusal !== null) {
    process.nextTick(callback, refusal, undefined, nothing);
    return;
  }
  if (isFull(pool, meter)) meter.queued += 1;
  const checkout = ask(meter, callback);
  if (hooks !== null) hooks.asked();
  const settle: ConnectCallback = (error, client, release) => {
    if (checkout.state !== "waiting") {
      // The caller has left; the connection goes to the next.
      if (client !== undefined) release();
      return;
    }
    if (error || client === undefined) {
      refuse(meter, checkout, error ?? new Error("no connection"));
      callback(error, client, release);
      return;
    }
    handOver(meter, checkout);
    const handed = lend(meter, checkout, client, release);
    client.release = handed;
    callback(undefined, client, handed);
  };
  checkout.settle = settle;
  try {
    original.call(pool, settle);
  } catch (error) {
    if (checkout.state === "waiting") giveUp(meter, checkout);
    throw error;
  }
}

/** True when a caller has to wait for another's connection: none is idle, and none may be opened. */
function isFull(pool: InstrumentedPool, meter: Meter): boolean {
  const { totalCount, idleCount } = pool;
  if (totalCount < pool.options.max) return false;
  const opening = totalCount - idleCount - meter.held.size;
  return idleCount - (meter.waiting.size - opening) <= 0;
}

function lend(meter: Meter, checkout: Checkout, client: PooledClient, release: Release): Release {
  return (why) => {
    // Given back twice: pg-pool throws.
    if (checkout.state !== "held") {
      release(why);
      return;
    }
    giveBack(meter, checkout);
    if (why) noteClosing(client, "released");
    if (meter.hooks === null) release(why);
    else meter.hooks.release(client, release, why);
  };
}

function refuse(meter: Meter, checkout: Checkout, error: Error): void {
  giveUp(meter, checkout);
  if (isTimeout(error)) {
    meter.timeouts += 1;
    meter.lastTimeout = error.message;
  } else {
    connectFailed(meter, error);
  }
  traceTo(checkout.site, error);
}

/** Counts a connection that could not be opened, and what that says of the database. */
export function connectFailed(meter: Meter, error: Error): void {
  countConnectError(meter, codeOf(error));
  if (meter.open === 0 && isUnreachable(error)) setDatabase(meter, "lost", reason(error));
  meter.hooks?.failed(error);
}

/** pg-pool's time-outs carry no code. */
function isTimeout(error: Error): boolean {
  return /^timeout exceeded when trying to connect|due to connection timeout$/.test(error.message);
}

function codeOf(error: Error): string {
  const code = sqlstateOf(error) ?? ("code" in error ? error.code : null);
  return typeof code === "string" ? code : "unknown";
}

/** An answer with an SQLSTATE comes from a living server, but for one that starts or stops. */
export function isUnreachable(error: Error): boolean {
  const sqlstate = sqlstateOf(error);
  return sqlstate === null || sqlstate.startsWith("57P0");
}

function timed(original: Method) {
  return function newClient(this: InstrumentedPool, item: unknown): unknown {
    const began = performance.now();
    const result = original.call(this, item);
    const clients: unknown = Reflect.get(this, "_clients");
    const newest: unknown = Array.isArray(clients) ? clients.at(-1) : null;
    if (typeof newest === "object" && newest !== null) openedAt.set(newest, began);
    return result;
  };
}

function releasing(original: Method) {
  return function end(this: InstrumentedPool, callback?: unknown): unknown {
    const result = original.call(this, callback);
    const meter = this[METER];
    // pg-pool forgets those who still wait: nobody would ever answer them.
    if (meter !== undefined) rejectWaiting(this, meter, ended);
    return result;
  };
}
