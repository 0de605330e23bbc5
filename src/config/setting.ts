import type { Origin } from "./origin.js";

/** A setting for people: its value as dazzle.toml spells it, secrets masked, null when unset. */
export interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly origin: Origin;
  /** The value is, or holds, a secret and is masked here. */
  readonly secret: boolean;
}
