/** What has the values of a new partition, and what gives them up. */
import { key } from "../changes.js";
import type { Table } from "../model.js";
import { qualified } from "../names.js";
import { keyTypes, overlap } from "./bounds.js";
import type { InTheWay, PartitionHolders } from "./new-names.js";
import { byName, type Scope } from "./scope.js";

type Holder = InTheWay["holders"][number] & {
  /** What is done once it has given them up; null when nothing of the plan does. */
  readonly goes: string | null;
};

export const holdersOf = (table: Table, scope: Scope): Holder[] =>
  (scope.partitions.get(table.name)?.holders ?? holdersIn(table, scope)).map((holder) => ({
    ...holder,
    goes: holder.table === null ? null : freedBy(holder.table, scope),
  }));

/** As they are called once renames are done. */
export function holdersRenamed(
  found: PartitionHolders,
  renames: readonly {
    readonly from: string;
    readonly table: string;
    readonly column: string | null;
  }[],
  namespace: string,
): PartitionHolders {
  const names = new Map(
    renames.flatMap(({ from, table, column }) => (column === null ? [[from, table] as const] : [])),
  );
  if (names.size === 0) return found;
  return new Map(
    [...found].map(([name, inTheWay]) => {
      const holders = inTheWay.holders.map((holder) => {
        const now = names.get(holder.table ?? "");
        return now === undefined
          ? holder
          : { ...holder, table: now, target: qualified(namespace, now) };
      });
      const scans = names.get(inTheWay.scans ?? "");
      return [
        name,
        scans === undefined
          ? { ...inTheWay, holders }
          : { ...inTheWay, holders, scans, fallback: qualified(namespace, scans) },
      ];
    }),
  );
}

/** Where the server was not asked: the parent is there under another name. */
function holdersIn({ partitionOf }: Table, { live, namespace }: Scope): InTheWay["holders"] {
  if (partitionOf === null) return [];
  const parent = live.tables.find(({ name }) => name === partitionOf.parent);
  const types = parent === undefined ? [] : keyTypes(parent);
  return live.tables.flatMap(({ name, partitionOf: other }) =>
    other?.parent === partitionOf.parent && overlap(other.bound, partitionOf.bound, types) === true
      ? [{ target: qualified(namespace, name), bound: other.bound, table: name }]
      : [],
  );
}

/** What has to be done before a table that is there can take these values of another parent's. */
export const freedBefore = (
  name: string,
  { parent, bound }: NonNullable<Table["partitionOf"]>,
  scope: Scope,
): string[] => {
  const above = scope.live.tables.find((table) => table.name === parent);
  const types = above === undefined ? [] : keyTypes(above);
  return scope.live.tables.flatMap(({ name: other, partitionOf }) =>
    other === name ||
    partitionOf?.parent !== parent ||
    overlap(partitionOf.bound, bound, types) === false
      ? []
      : (freedBy(other, scope) ?? []),
  );
};

function freedBy(name: string, { live, desired, owned }: Scope): string | null {
  const kept = byName(desired.tables).get(name);
  if (kept === undefined) return owned.tables.has(name) ? key.goneTable(name) : null;
  const before = byName(live.tables).get(name)?.partitionOf;
  const stays =
    kept.partitionOf?.parent === before?.parent && kept.partitionOf?.bound === before?.bound;
  return stays ? null : key.parents(name);
}
