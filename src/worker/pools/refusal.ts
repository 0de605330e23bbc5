/**
 * A server that has no connection left (53300: max_connections, its reserved slots, or the limit of the
 * role or the database). While this pool has connections of its own, its callers wait for those rather
 * than fail, and further ones are asked for only now and then.
 */
import { sqlstateOf } from "../../postgres/sqlstate.js";
import { Checkout } from "./checkout.js";
import type { MeasuredPool, Meter } from "./shapes.js";

const TOO_MANY_CONNECTIONS = "53300";
/** Pause before the server is asked for more. */
const PAUSE_MS = 1_000;

/** Notes a refusal; true when whoever asked had better wait for a connection that there is. */
export function noteRefusal({ meter, careful }: MeasuredPool, error: Error): boolean {
  if (sqlstateOf(error) !== TOO_MANY_CONNECTIONS) return false;
  meter.refusal = { until: performance.now() + PAUSE_MS, message: error.message };
  return careful && meter.open > 0;
}

/** True when `item` is a caller who has to wait for a connection that there is. */
export function mustWait({ meter, careful }: MeasuredPool, item: unknown): item is Checkout {
  return careful && meter.open > 0 && isRefused(meter) && item instanceof Checkout;
}

function isRefused({ refusal }: Meter): boolean {
  return refusal !== null && performance.now() < refusal.until;
}
