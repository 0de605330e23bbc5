/** What a statement holds and does, and what its own tree does not tell. Pure. */
import type { RangeVar } from "@pgsql/types";
import type { Retyped } from "./changes.js";
import type { LockLevel } from "./steps.js";

/** What happens to the rows of a table. */
export interface Deed {
  readonly kind: "rewrites" | "writes" | "reads";
  readonly table: string;
}

export interface Footprint {
  /** The strongest lock on a table, index, sequence or composite type that is in use. */
  readonly lock: LockLevel;
  readonly deeds: readonly Deed[];
}

/** What the statements themselves do not tell. */
export interface Surroundings {
  /** Whether the value of a column that is added has to be computed for each row. */
  readonly computes: (table: string, column: string) => boolean;
  /** What the server does for the statements' change of type; null: write every row anew. */
  readonly retyped: Retyped | null;
  /** Tables with a column of the domain. */
  readonly holders: (domain: string) => readonly string[];
  readonly isPartitioned: (table: string) => boolean;
  /** Whether an index begins with the column, which finds its least and greatest value at once. */
  readonly isLed: (table: string, column: string) => boolean;
  readonly isComposite: (type: string) => boolean;
  /** The default partition of a table. */
  readonly defaultOf: (table: string) => string | null;
  /** Foreign keys that refer to the table or to what it is a partition of. */
  readonly referring: (table: string) => readonly { readonly of: string; readonly name: string }[];
}

/** What earlier statements of the list have made. */
export interface Made {
  /** Tables that nobody else uses yet. */
  readonly tables: Set<string>;
  /** `table.column` by the check that rules out nulls. */
  readonly checks: Map<string, string>;
  /** `table.column` without nulls. */
  readonly proven: Set<string>;
  /** Constraints, as `table.name`, that are gone. */
  readonly dropped: Set<string>;
}

export const just = (lock: LockLevel, deeds: readonly Deed[] = []): Footprint => ({ lock, deeds });

export const reads = (table: string | undefined): Deed[] =>
  table === undefined ? [] : [{ kind: "reads", table }];
export const writes = (relation: RangeVar | undefined): Deed[] =>
  relation?.relname === undefined ? [] : [{ kind: "writes", table: relation.relname }];
