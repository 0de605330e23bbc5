/** What goes into a diff, and what the diff of one object knows of the rest. */
import type { Model } from "../model.js";
import type { Rename } from "../statement.js";
import type { Memory } from "./circles.js";
import type { InheritedParts } from "./inherited.js";
import type { BoundConditions, NameHolders, PartitionHolders } from "./new-names.js";
import type { Same } from "./question.js";

/** What earlier applies recorded as ours: only these count as dropped when the files leave them out. */
export interface Owned {
  readonly tables: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly sequences: ReadonlySet<string>;
}

export interface DiffInput {
  readonly live: Model;
  readonly desired: Model;
  readonly renames: readonly Rename[];
  /** Constraints (`table.name`) and indexes whose names the files spell out. */
  readonly explicitNames: ReadonlySet<string>;
  readonly owned: Owned;
  readonly same: Same;
  /** Who holds the names that are new, in the database. */
  readonly held: NameHolders;
  /** What tables that leave a parent have from it, by their live names. */
  readonly parts: InheritedParts;
  /** Of names that change places, what the last apply knew. */
  readonly memory: Memory;
}

/** What the diff of one object needs to know of the rest. */
export interface Scope {
  readonly namespace: string;
  readonly live: Model;
  readonly desired: Model;
  readonly explicitNames: ReadonlySet<string>;
  /** Names that new tables and their indexes shall have. */
  readonly wanted: ReadonlySet<string>;
  readonly owned: Owned;
  readonly same: Same;
  /** What stands in the way of new partitions. */
  readonly partitions: PartitionHolders;
  readonly bounds: BoundConditions;
  /** Names of constraints and indexes, by table, that a parent gave which the table is yet to leave. */
  readonly inherited: ReadonlyMap<string, ReadonlySet<string>>;
}

export function byName<T extends { readonly name: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}
