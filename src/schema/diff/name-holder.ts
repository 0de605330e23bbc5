/** Who has the name that a new table, index or constraint is to take, and whether it becomes free. */
import { key } from "../changes.js";
import type { Model, Table } from "../model.js";
import type { Scope } from "./scope.js";

/** What has to be gone before the name is free; null when nothing of the plan frees it. */
export function freedBy(name: string, scope: Scope): string[] | null {
  const after = new Map(scope.desired.tables.map((table) => [table.name, table]));
  const goes = (table: Table): boolean =>
    !after.has(table.name) && scope.owned.tables.has(table.name);
  for (const table of scope.live.tables) {
    const holds = table.name === name || namesIn(table).has(name);
    if (!holds) continue;
    if (goes(table)) return [key.goneTable(table.name)];
    const kept = after.get(table.name);
    return kept === undefined || table.name === name || namesIn(kept).has(name)
      ? null
      : [key.gone(name)];
  }
  return null;
}

/** Indexes of the partitioned tables above: while they stand, their parts in partitions stay. */
export function parentIndexes({ partitionOf }: Table, scope: Scope): string[] {
  const parent = scope.live.tables.find(({ name }) => name === partitionOf?.parent);
  if (parent === undefined) return [];
  return [...parent.indexes.map(({ name }) => name), ...parentIndexes(parent, scope)];
}

/** Indexes of a table, those of its constraints too: they share one space of names with tables. */
export const namesIn = (table: Table): Set<string> =>
  new Set([
    ...table.indexes.map((index) => index.name),
    ...table.constraints.flatMap(({ kind, name }) =>
      kind === "foreign" || kind === "check" ? [] : [name],
    ),
  ]);

export const relationNames = (model: Model): Set<string> =>
  new Set([
    ...model.tables.flatMap((table) => [table.name, ...namesIn(table)]),
    ...model.sequences.map(({ name }) => name),
  ]);
