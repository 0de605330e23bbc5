/** Makes a pool measured: its meter, its limits and its keeper, put together. */
import { sqlstateOf } from "../../postgres/sqlstate.js";
import { createAcquireTimer } from "./acquire.js";
import { noteFailure } from "./failure.js";
import { attach } from "./instrument.js";
import { createKeeper } from "./keeper.js";
import { createMeter, setDatabase } from "./meter.js";
import { giveUp, handOver } from "./passage.js";
import {
  CHECKOUT,
  type Checkout,
  type MeasuredPool,
  type Pool,
  type PooledClient,
} from "./shapes.js";
import { noteRefusal } from "./refusal.js";
import { traceTo } from "./site.js";
import { createVigil } from "./vigil.js";
import { lost, rejectWaiting } from "./waiters.js";

export interface MeasureSettings {
  readonly name: string;
  /** Connections to keep open. */
  readonly min: number;
  /** A connection is replaced after 80 % to all of this time; 0 leaves that to pg-pool. */
  readonly maxLifetimeMs: number;
  /** Time to get a connection in; 0 none. */
  readonly acquireTimeoutMs: number;
  /** The application has set `connectionTimeoutMillis` itself. */
  readonly ownLimit: boolean;
  /** Judge connections as they come back. */
  readonly careful: boolean;
  /** Hears of idle connections that the server or the network ended. */
  readonly onIdleError: (error: Error) => void;
}

/** Measures `pool` from now on. */
export function measure(pool: Pool, settings: MeasureSettings): MeasuredPool {
  const meter = createMeter(settings.name);
  const failed = (error: Error): void => {
    noteFailure(meter, error);
    measured.keeper.failed();
    // Those who wait would wait in vain.
    if (meter.database.state === "lost") rejectWaiting(measured, lost);
  };
  const refuse = (checkout: Checkout, error: Error): void => {
    const waiting = checkout.state === "waiting";
    const wait = noteRefusal(measured, error);
    if (waiting && !wait) giveUp(meter, checkout);
    if (isTimeout(error)) {
      meter.timeouts += 1;
      meter.lastTimeout = error.message;
    } else if (!pool.ending) {
      failed(error);
    }
    if (!waiting) return;
    if (wait) {
      pool._pendingQueue.unshift(checkout);
      // One may have been given back meanwhile.
      process.nextTick(() => pool._pulseQueue());
      return;
    }
    traceTo(checkout.site, error);
    checkout.caller(error, undefined, () => undefined);
  };
  const gone = (why: string): void => {
    setDatabase(meter, "lost", why);
    measured.keeper.failed();
    rejectWaiting(measured, lost);
  };
  const measured: MeasuredPool = {
    pool,
    meter,
    timer: createAcquireTimer(() => measured, settings.acquireTimeoutMs),
    keeper: createKeeper(pool, meter, settings, failed),
    vigil: createVigil(pool, settings.name, settings.acquireTimeoutMs, gone),
    openTimeoutMs: settings.acquireTimeoutMs,
    ownLimit: settings.ownLimit,
    careful: settings.careful,
    querying: false,
    atOnce: false,
    later: false,
    answered(checkout, error, client, release) {
      if (error || client === undefined) {
        refuse(checkout, error ?? new Error("no connection"));
      } else if (checkout.state === "held") {
        client[CHECKOUT] = checkout;
        if (measured.later) process.nextTick(deliver, client);
        else checkout.caller(undefined, client, release);
      } else if (checkout.state === "waiting") {
        handOver(meter, checkout);
        client[CHECKOUT] = checkout;
        checkout.caller(undefined, client, release);
      } else {
        // The caller has left; the connection goes to the next.
        release();
      }
    },
  };
  attach(measured, settings.onIdleError);
  return measured;
}

/** One argument: Node makes an array of more. */
function deliver(client: PooledClient): void {
  client[CHECKOUT]?.caller(undefined, client, client.release);
}

/** pg-pool's time-outs carry no code. */
function isTimeout(error: Error): boolean {
  return (
    sqlstateOf(error) === null &&
    /^timeout exceeded when trying to connect$|due to connection timeout$/.test(error.message)
  );
}
