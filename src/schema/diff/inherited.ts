/** What tables have from a parent that they are to leave. */
import type { Constraint, Index } from "../model.js";

interface Parts {
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly Index[];
}

/** By the table's name as it is. */
export type InheritedParts = ReadonlyMap<string, Parts>;
