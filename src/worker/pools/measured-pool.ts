/** A pool with its meter and what else happens at its checkouts. */
import type { AcquireTimer } from "./acquire.js";
import type { CheckoutOwner } from "./checkout.js";
import type { Pool } from "./internals.js";
import type { Keeper } from "./keeper.js";
import type { Meter } from "./meter.js";

export interface MeasuredPool extends CheckoutOwner {
  readonly pool: Pool;
  readonly meter: Meter;
  readonly timer: AcquireTimer;
  readonly keeper: Keeper;
  /** Limit on opening one connection, in milliseconds; 0 none. */
  readonly openTimeoutMs: number;
  /** The application has set `connectionTimeoutMillis` itself. */
  readonly ownLimit: boolean;
  /** Connections are judged as they come back; else pg-pool's own rule holds: an error closes. */
  readonly careful: boolean;
}
