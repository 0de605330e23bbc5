/**
 * What each checkout does to its pool's meter: it is asked for, handed over, given back, or given up.
 * Together that may cost 0.2 microseconds: the clock is read twice (a connection that is idle is
 * handed over when it is asked for, one that is given back goes to whoever waits at that moment),
 * figures are written to arrays, and a checkout that has ended is used again.
 */
import { record } from "../../sampling/histogram.js";
import { append, Checkout, remove } from "./checkout.js";
import { performance } from "./clock.js";
import type { Checkout as CheckoutShape, CheckoutOwner, ConnectCallback, Meter } from "./shapes.js";
import { noteSite } from "./site.js";
import { arrive } from "./slices.js";

/** Ended checkouts that are kept for use: the rest is garbage. */
const MAX_SPARES = 64;
const nobody = (): void => undefined;

/** A caller asks for a connection, and has to wait for it. */
export function ask(
  meter: Meter,
  owner: CheckoutOwner,
  caller: ConnectCallback,
  now: number,
  query: boolean,
): CheckoutShape {
  const checkout = begin(meter, owner, caller, now, query);
  append(meter.waiting, checkout);
  arrived(meter, now);
  return checkout;
}

/** A caller asks for a connection, and there is an idle one to be handed over. */
export function askAtOnce(
  meter: Meter,
  owner: CheckoutOwner,
  caller: ConnectCallback,
  now: number,
  query: boolean,
): CheckoutShape {
  const checkout = begin(meter, owner, caller, now, query);
  checkout.state = "held";
  checkout.heldSince = now;
  append(meter.held, checkout);
  arrived(meter, now);
  record(meter.wait, 0);
  meter.checkouts += 1;
  return checkout;
}

function begin(
  meter: Meter,
  owner: CheckoutOwner,
  caller: ConnectCallback,
  now: number,
  query: boolean,
): CheckoutShape {
  const site = noteSite(now, query);
  const checkout = meter.spare;
  if (checkout === null) return new Checkout(owner, caller, now, site, query);
  meter.spare = checkout.next;
  meter.spares -= 1;
  checkout.state = "waiting";
  checkout.leakTold = false;
  checkout.caller = caller;
  checkout.askedAt = now;
  checkout.site = site;
  checkout.query = query;
  return checkout;
}

function arrived(meter: Meter, now: number): void {
  const wanted = meter.waiting.size + meter.held.size;
  if (wanted > meter.peak) meter.peak = wanted;
  arrive(meter, now);
}

/** The caller gets its connection. */
export function handOver(meter: Meter, checkout: CheckoutShape): void {
  const at = meter.handingAt;
  meter.handingAt = 0;
  const now = at === 0 ? performance.now() : at;
  remove(meter.waiting, checkout);
  checkout.state = "held";
  checkout.heldSince = now;
  append(meter.held, checkout);
  record(meter.wait, now - checkout.askedAt);
  meter.checkouts += 1;
}

/** The caller gives its connection back. */
export function giveBack(meter: Meter, checkout: CheckoutShape, now: number): void {
  remove(meter.held, checkout);
  checkout.state = "done";
  record(meter.use, now - checkout.heldSince);
  if (meter.spares >= MAX_SPARES) return;
  checkout.caller = nobody;
  checkout.site = null;
  checkout.next = meter.spare;
  meter.spare = checkout;
  meter.spares += 1;
}

/** The caller gets nothing: an error, a time-out, the pool's end. */
export function giveUp(meter: Meter, checkout: CheckoutShape): void {
  remove(meter.waiting, checkout);
  checkout.state = "done";
}
