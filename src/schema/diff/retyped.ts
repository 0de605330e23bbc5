/** Columns whose type changes in the same plan. */
import type { Column, Table } from "../model.js";
import type { Scope } from "./scope.js";

export function isRetyped(name: string, scope: Scope, table: Table): boolean {
  const columnOf = (columns: readonly Column[] | undefined) =>
    columns?.find((column) => column.name === name);
  const before = columnOf(scope.live.tables.find((other) => other.name === table.name)?.columns);
  const after = columnOf(scope.desired.tables.find((other) => other.name === table.name)?.columns);
  return (
    before !== undefined &&
    after !== undefined &&
    (before.type !== after.type || before.collation !== after.collation)
  );
}

/** A generated column is in the way of a change of the type of what it reads. */
export const readsRetyped = (column: Column, scope: Scope, table: Table): boolean =>
  column.generated !== null && column.reads.some((name) => isRetyped(name, scope, table));
