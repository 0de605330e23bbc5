/**
 * Measuring a pool: five methods of its prototype are wrapped, once for each copy of pg-pool, and
 * each measured pool carries what is known of it. `pool.query` and every library on top come through
 * `connect`, in its callback or its promise form. What a caller sees stays as pg-pool has it.
 */
import type { ClosedCause } from "../../sampling/report.js";
import { record } from "../../sampling/histogram.js";
import { performance } from "./clock.js";
import { judgeReturn } from "./judge.js";
import { closingCauseOf, noteClosing, noteOpening, openingOf } from "./lives.js";
import { countClosed, setDatabase } from "./meter.js";
import { ask, askAtOnce, giveBack, giveUp } from "./passage.js";
import {
  CHECKOUT,
  MEASURED,
  type ConnectCallback,
  type MeasuredPool,
  type Meter,
  type Pool,
  type PooledClient,
} from "./shapes.js";
import { mustWait } from "./refusal.js";
import { destroySocket } from "./socket.js";
import { clean } from "./transaction.js";
import { ended, forgetWaiting, lost, rejectWaiting } from "./waiters.js";

const patched = new WeakSet();

/** Measures `measured.pool` from now on. `onIdleError` hears of connections that ended while idle. */
export function attach(measured: MeasuredPool, onIdleError: (error: Error) => void): void {
  const { pool, meter } = measured;
  patch(pool);
  Object.defineProperty(pool, MEASURED, { value: measured });
  // Without a listener the process dies when the server ends an idle connection.
  pool.on("error", onIdleError);
  pool.on("connect", (client) => opened(meter, client));
  const removed = new WeakSet();
  pool.on("remove", (client) => {
    // Told twice of one that was destroyed at the pool's end and given back afterwards.
    if (removed.has(client)) return;
    removed.add(client);
    meter.open = Math.max(0, meter.open - 1);
    countClosed(meter, closingCauseOf(client) ?? causeOf(pool, client));
  });
}

function opened(meter: Meter, client: PooledClient): void {
  const began = openingOf(client);
  if (began !== undefined) record(meter.create, performance.now() - began);
  meter.created += 1;
  meter.open += 1;
  setDatabase(meter, "connected");
  meter.refusal = null;
  client[CHECKOUT] = null;
  // Without a listener the process dies when a connection ends in the application's hands: its
  // next query says so.
  client.on("error", () => noteClosing(client, "server"));
}

/** pg-pool closes connections of its own accord too, and does not say why. */
function causeOf(pool: Pool, client: PooledClient): ClosedCause {
  if (pool.ending) return "shutdown";
  const { maxUses, maxLifetimeSeconds } = pool.options;
  if ((client._poolUseCount ?? 0) >= maxUses) return "uses";
  const age = performance.now() - (openingOf(client) ?? performance.now());
  return maxLifetimeSeconds > 0 && age >= maxLifetimeSeconds * 1_000 ? "lifetime" : "idle";
}

/** Wraps pg-pool's own class, once: a subclass of the application that overrides connect calls it. */
function patch(pool: Pool): void {
  const prototype = ownerOf(pool, "_pulseQueue");
  if (prototype === null || patched.has(prototype)) return;
  patched.add(prototype);
  replace(prototype, "connect", connecting);
  replace(prototype, "query", querying);
  replace(prototype, "newClient", opening);
  replace(prototype, "_release", returning);
  replace(prototype, "end", ending);
}

function ownerOf(object: object, key: string): object | null {
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, key)) {
    const parent: unknown = Object.getPrototypeOf(owner);
    owner = typeof parent === "object" ? parent : null;
  }
  return owner;
}

/** A method of pg-pool, as far as it is wrapped here. */
type Method = (this: Pool, ...values: unknown[]) => unknown;

function replace(prototype: object, key: string, wrap: (original: Method) => unknown): void {
  const original: unknown = Reflect.get(prototype, key);
  if (!isMethod(original)) return;
  const descriptor = { configurable: true, enumerable: false, writable: true };
  Object.defineProperty(prototype, key, { ...descriptor, value: wrap(original) });
}

function isMethod(value: unknown): value is Method {
  return typeof value === "function";
}

function connecting(original: Method) {
  return function connect(this: Pool, callback?: ConnectCallback): unknown {
    const measured = this[MEASURED];
    if (measured === undefined || this.ending) return original.call(this, callback);
    if (typeof callback === "function") {
      begin(measured, original, callback, true);
      return undefined;
    }
    const Promised = this.Promise ?? Promise;
    return new Promised<PooledClient | undefined>((resolve, reject) => {
      const settle: ConnectCallback = (error, client) => {
        if (error) reject(error);
        else resolve(client);
      };
      begin(measured, original, settle, false);
    });
  };
}

/**
 * Tells `begin` what it is for: a query gives its connection back by itself. Who is answered by a promise
 * can't tell whether the query was sent at once or in the next tick, which costs a microsecond or two.
 */
function querying(original: Method) {
  return function query(this: Pool, text: unknown, values: unknown, callback: unknown): unknown {
    const measured = this[MEASURED];
    if (measured === undefined) return original.call(this, text, values, callback);
    measured.querying = true;
    measured.atOnce = typeof callback !== "function" && typeof values !== "function";
    const result = original.call(this, text, values, callback);
    measured.querying = false;
    return result;
  };
}

const nothing = (): void => undefined;

/** `later`: the caller must not be answered before this has returned. */
function begin(
  measured: MeasuredPool,
  original: Method,
  caller: ConnectCallback,
  later: boolean,
): void {
  const { pool, meter, timer, querying: query, atOnce } = measured;
  measured.querying = false;
  const now = performance.now();
  // pg-pool would put this off to the next tick, and the figures with it.
  if (pool._idle.length > 0 && pool._pendingQueue.length === 0) {
    measured.later = later && !(query && atOnce);
    pool._pendingQueue.push(askAtOnce(meter, measured, caller, now, query));
    pool._pulseQueue();
    return;
  }
  if (meter.database.state === "lost" && pool._idle.length === 0) {
    // Nobody waits for a lost database: the keeper finds it again.
    process.nextTick(caller, lost(measured), undefined, nothing);
    return;
  }
  // Others wait for what is idle, and no further connection may be opened.
  if (pool._idle.length <= pool._pendingQueue.length && pool._isFull()) meter.queued += 1;
  const checkout = ask(meter, measured, caller, now, query);
  timer.asked();
  if (measured.ownLimit) {
    // The application's own limit, with pg-pool's own error.
    original.call(pool, checkout.callback.bind(checkout));
    return;
  }
  // As pg-pool's connect does, but for the closures.
  if (pool._idle.length > 0) process.nextTick(pulse, pool);
  else if (!pool._isFull()) {
    try {
      pool.newClient(checkout);
    } catch (error) {
      giveUp(meter, checkout);
      throw error;
    }
    return;
  }
  pool._pendingQueue.push(checkout);
}

const pulse = (pool: Pool): void => pool._pulseQueue();

function returning(original: Method) {
  return function _release(
    this: Pool,
    client: PooledClient,
    idleListener: unknown,
    why?: Error | boolean,
  ): void {
    const checkout = client[CHECKOUT];
    const measured = this[MEASURED];
    if (measured === undefined || checkout === null || checkout === undefined) {
      original.call(this, client, idleListener, why);
      return;
    }
    client[CHECKOUT] = null;
    const { meter } = measured;
    const now = performance.now();
    giveBack(meter, checkout, now);
    const verdict = measured.careful ? judgeReturn(client, why) : why ? "close" : "keep";
    if (verdict === "keep") {
      // Who waits for this connection is handed it at once.
      meter.handingAt = now;
      try {
        original.call(this, client, idleListener);
      } finally {
        meter.handingAt = 0;
      }
    } else if (verdict === "close") {
      noteClosing(client, "released");
      original.call(this, client, idleListener, why || true);
    } else {
      void cleanUp(meter, client, (dirty) => {
        original.call(this, client, idleListener, dirty);
      });
    }
  };
}

async function cleanUp(
  meter: Meter,
  client: PooledClient,
  release: (unusable: boolean) => void,
): Promise<void> {
  const { usable, dirty } = await clean(client);
  if (dirty) meter.returnedInTransaction += 1;
  if (!usable) noteClosing(client, "transaction");
  release(!usable);
}

function opening(original: Method) {
  return function newClient(this: Pool, item: unknown): void {
    const measured = this[MEASURED];
    if (measured !== undefined && mustWait(measured, item)) {
      this._pendingQueue.unshift(item);
      return;
    }
    const began = performance.now();
    original.call(this, item);
    const client = this._clients.at(-1);
    if (client === undefined) return;
    noteOpening(client, began);
    const limit = measured?.openTimeoutMs ?? 0;
    if (limit > 0) limitOpening(client, limit);
  };
}

/** A server that takes the connection and never answers would keep its place for ever. */
function limitOpening(client: PooledClient, limitMs: number): void {
  const timer = setTimeout(() => {
    destroySocket(client, new Error(`the server has not answered within ${limitMs} ms`));
  }, limitMs).unref();
  const done = (): void => {
    clearTimeout(timer);
  };
  client.once("connect", done);
  client.once("end", done);
}

function ending(original: Method) {
  return function end(this: Pool, callback?: unknown): unknown {
    const result = original.call(this, callback);
    const measured = this[MEASURED];
    // pg-pool forgets those who still wait. Our own callers are told; code written for pg alone may
    // count on never hearing of it.
    if (measured?.careful === true) rejectWaiting(measured, ended);
    else if (measured !== undefined) forgetWaiting(measured);
    return result;
  };
}
