/** Knowing a pool of pg-pool 3 (that is, of pg 8) by its methods; any other is left alone. */
import type { Pool } from "./shapes.js";

const METHODS = ["connect", "end", "newClient", "_isFull", "_pulseQueue", "_remove", "_release"];

/** True for a pool of pg-pool, whichever copy and however it was loaded or bundled. */
export function isPool(value: object): value is Pool {
  // One lookup tells any other emitter apart: every one that a process makes passes here.
  return (
    "_pulseQueue" in value &&
    METHODS.every((name) => typeof Reflect.get(value, name) === "function")
  );
}
