/** A table that is yet to be created, as the table, its indexes and comments, and its foreign keys. */
import { key, type Change } from "../changes.js";
import type { Table } from "../model.js";
import { id, qualified } from "../names.js";
import { commentChange } from "./comments.js";
import { parentsOf } from "./parents.js";
import { newPartition } from "./new-partition.js";
import type { Scope } from "./scope.js";

export function newTableParts(table: Table, scope: Scope): Change[] {
  const name = qualified(scope.namespace, table.name);
  const comment = (
    object: { readonly name: string; readonly comment: string | null },
    target: string,
    needs: string,
  ) =>
    commentChange(undefined, object, {
      table: table.name,
      object: object.name,
      target,
      needs: [needs],
    });
  const comments = [
    ...table.columns.map((column) =>
      comment(column, `COLUMN ${name}.${id(column.name)}`, key.table(table.name)),
    ),
    ...table.constraints.map((constraint) =>
      comment(
        constraint,
        `CONSTRAINT ${id(constraint.name)} ON ${name}`,
        constraint.kind === "foreign"
          ? key.constraint(table.name, constraint.name)
          : key.table(table.name),
      ),
    ),
    ...table.constraints.map(({ name: index, indexComment }) =>
      comment(
        { name: index, comment: indexComment },
        `INDEX ${qualified(scope.namespace, index)}`,
        key.table(table.name),
      ),
    ),
    ...table.indexes.map((index) =>
      comment(index, `INDEX ${qualified(scope.namespace, index.name)}`, key.index(index.name)),
    ),
  ];
  return [
    newPartition(
      {
        kind: "create_table",
        table: withOwnNotNull(table, scope),
        needs: parentNeeds(table, scope),
        scans: null,
      },
      scope,
    ),
    ...table.indexes.map((index): Change => ({
      kind: "add_index",
      table,
      index,
      onNew: true,
      needs: [],
      replacesInvalid: false,
    })),
    ...comments.filter((change) => change !== null),
  ];
}

/** NOT NULL only where it is not the parent's as well, which gives it to the child. */
function withOwnNotNull(table: Table, scope: Scope): Table {
  const parents = scope.desired.tables.filter(({ name }) => parentsOf(table).includes(name));
  const given = (name: string): boolean =>
    parents.some((parent) => parent.columns.some((c) => c.name === name && c.notNull));
  return {
    ...table,
    columns: table.columns.map((column) =>
      column.inherited && column.notNull && given(column.name)
        ? { ...column, notNull: false }
        : column,
    ),
  };
}

/** The inherited columns, on every table that it descends from. */
function parentNeeds(table: Table, { desired }: Scope): string[] {
  const inherited = table.columns.filter((column) => column.inherited);
  const ancestors = (of: Table): Table[] =>
    desired.tables
      .filter(({ name }) => name === of.partitionOf?.parent || of.inherits.includes(name))
      .flatMap((parent) => [parent, ...ancestors(parent)]);
  return ancestors(table).flatMap((parent) => [
    ...(table.partitionOf === null ? [] : [key.partitioned(parent.name)]),
    ...inherited.map((column) => key.column(parent.name, column.name)),
  ]);
}

/** Behind all tables, so that they may refer to each other in a circle. */
export function foreignKeysOf(table: Table, scope: Scope): Change[] {
  const live = new Set(scope.live.tables.map(({ name }) => name));
  return table.constraints
    .filter(({ kind }) => kind === "foreign")
    .map((constraint) => ({
      kind: "add_constraint",
      table,
      constraint,
      onNew: !live.has(table.name),
      needs: [],
      index: null,
    }));
}
