/** Tables that become, or stop being, children or partitions of others. */
import type { Column, Constraint, Table } from "../model.js";
import type { Scope } from "./scope.js";

export const parentsOf = ({ partitionOf, inherits }: Table): readonly string[] =>
  partitionOf === null ? inherits : [partitionOf.parent];

export const leavesParent = (live: Table, desired: Table): boolean =>
  parentsOf(live).some((parent) => !parentsOf(desired).includes(parent));

export const joinsParent = (live: Table, desired: Table): boolean =>
  parentsOf(desired).some((parent) => !parentsOf(live).includes(parent));

/** Whether a table that this one is a child of, up to now, gets a column like it. */
export const comesWithParent = (
  live: Table,
  { name, type }: Pick<Column, "name" | "type">,
  scope: Scope,
): boolean =>
  scope.live.tables
    .filter((parent) => parentsOf(live).includes(parent.name))
    .some((parent) => {
      const after = scope.desired.tables.find((table) => table.name === parent.name);
      const added = after?.columns.find((column) => column.name === name);
      return (
        (added?.type === type && !parent.columns.some((column) => column.name === name)) ||
        comesWithParent(parent, { name, type }, scope)
      );
    });

interface Given {
  readonly column: Column;
  /** The table that the plan adds it to. */
  readonly by: string;
}

/** A new column of a child as it is once its parents have got theirs, with what is their own of it. */
export function givenByParent(
  table: Table,
  { name }: Pick<Column, "name">,
  scope: Scope,
): Given | null {
  for (const parent of scope.desired.tables) {
    if (!parentsOf(table).includes(parent.name)) continue;
    const column = parent.columns.find((item) => item.name === name);
    if (column === undefined) continue;
    const from = column.inherited ? givenByParent(parent, column, scope) : null;
    if (column.inherited && from === null) continue;
    const origin = from?.column ?? column;
    // Of what a child sets for itself, its own children take over these.
    const { storage, statistics, notNull } = column;
    const taken = { storage, statistics, notNull, options: [], comment: null, inherited: true };
    return { column: { ...origin, ...taken }, by: from?.by ?? parent.name };
  }
  return null;
}

/** Those that a partition gets between the parent that it leaves and the one that it joins. */
export const columnsOnTheWay = (live: Table, desired: Table, scope: Scope): Column[] =>
  leavesParent(live, desired)
    ? desired.columns.filter(
        (column) =>
          !live.columns.some(({ name }) => name === column.name) &&
          !comesWithParent(live, column, scope),
      )
    : [];

/** Checks that a table has to have before it can become a child. */
function inheritedChecks(table: Table, scope: Scope): Constraint[] {
  return scope.desired.tables
    .filter(({ name }) => parentsOf(table).includes(name))
    .flatMap((parent) => [
      ...parent.constraints.filter(
        ({ kind, definition }) => kind === "check" && !definition.endsWith(" NO INHERIT"),
      ),
      ...inheritedChecks(parent, scope),
    ]);
}

/** Those that are missing. */
export function checksToInherit(live: Table, desired: Table, scope: Scope): Constraint[] {
  if (!joinsParent(live, desired)) return [];
  const present = new Set([...live.constraints, ...desired.constraints].map(({ name }) => name));
  return inheritedChecks(desired, scope).filter(({ name }) => !present.has(name));
}

/** Whether a check of the table's own becomes the parent's. */
export const becomesInherited = (
  live: Table,
  desired: Table,
  check: Constraint,
  scope: Scope,
): boolean =>
  joinsParent(live, desired) &&
  inheritedChecks(desired, scope).some(
    ({ name, definition }) => name === check.name && definition === check.definition,
  );

/** Columns that a new parent is about to lose: they have to be gone first. */
export const leavingColumns = (desired: Table, scope: Scope): string[] =>
  scope.live.tables
    .filter(({ name }) => parentsOf(desired).includes(name))
    .flatMap((parent) => {
      const after = scope.desired.tables.find(({ name }) => name === parent.name);
      return parent.columns
        .filter(({ name }) => after !== undefined && !after.columns.some((c) => c.name === name))
        .map(({ name }) => `gone:${parent.name}.${name}`);
    });

/** Indexes of the partitioned tables above: while they stand, their parts in partitions stay. */
export function parentIndexes({ partitionOf }: Table, scope: Scope): string[] {
  const parent = scope.live.tables.find(({ name }) => name === partitionOf?.parent);
  if (parent === undefined) return [];
  return [...parent.indexes.map(({ name }) => name), ...parentIndexes(parent, scope)];
}

/** Whether the table's column becomes NOT NULL since a new parent's is, and takes no child without. */
export const isSetByJoining = (
  live: Table,
  desired: Table,
  { name, notNull }: Pick<Column, "name" | "notNull">,
  scope: Scope,
): boolean =>
  notNull &&
  joinsParent(live, desired) &&
  live.columns.some((column) => column.name === name && !column.notNull) &&
  [...scope.live.tables, ...scope.desired.tables].some(
    (parent) =>
      parentsOf(desired).includes(parent.name) &&
      parent.columns.some((column) => column.name === name && column.notNull),
  );
