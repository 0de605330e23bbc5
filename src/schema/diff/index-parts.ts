/**
 * A partitioned table's new index takes equal ones that its partitions have already as its parts,
 * which saves building them. Such an index goes from the files by that: the parent's stands for it.
 */
import type { Index, Table } from "../model.js";
import { isRetyped } from "./retyped.js";
import type { Scope } from "./scope.js";

const isEqual = (one: Index, other: Index): boolean =>
  one.unique === other.unique && one.definition === other.definition;

const tableIn = (tables: readonly Table[], name: string | undefined): Table | undefined =>
  tables.find((table) => table.name === name);

/** By partition, those of partitions of partitions too. */
export function partsOf(table: Table, index: Index, scope: Scope): Map<string, string> {
  const parts = new Map<string, string>();
  if (!table.partitioned) return parts;
  for (const partition of scope.live.tables) {
    const after = tableIn(scope.desired.tables, partition.name);
    if (partition.partitionOf?.parent !== table.name || after === undefined) continue;
    if (after.partitionOf?.parent !== table.name) continue;
    const part = partition.indexes.find(
      (own) =>
        own.valid &&
        isEqual(own, index) &&
        !after.indexes.some((wanted) => wanted.name === own.name || isEqual(wanted, own)) &&
        !own.columns.some((column) => isRetyped(column, scope, after)),
    );
    if (part !== undefined) parts.set(partition.name, part.name);
    else for (const [of, name] of partsOf(after, index, scope)) parts.set(of, name);
  }
  return parts;
}

/** Whether an index above that is new takes it. */
export function isTakenAsPart(table: Table, index: Index, scope: Scope): boolean {
  const isIn = (above: Table | undefined): boolean => {
    if (above === undefined) return false;
    const before = tableIn(scope.live.tables, above.name)?.indexes ?? [];
    const takes = above.indexes.some(
      (wanted) =>
        isEqual(wanted, index) &&
        before.every((old) => !old.valid || !isEqual(old, wanted)) &&
        partsOf(above, wanted, scope).get(table.name) === index.name,
    );
    return takes || isIn(tableIn(scope.desired.tables, above.partitionOf?.parent));
  };
  return isIn(tableIn(scope.desired.tables, table.partitionOf?.parent));
}
