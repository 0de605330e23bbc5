/** A table that is yet to be created, as the table, its indexes and comments, and its foreign keys. */
import { key, type Change } from "../changes.js";
import type { Table } from "../model.js";
import { id, qualified } from "../names.js";
import { commentChange } from "./comments.js";
import { newPartition } from "./new-partition.js";
import { ownParts } from "./own-parts.js";
import type { Scope } from "./scope.js";
import { sequenceComment } from "./sequence-comment.js";

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
    ...table.columns.map((column) => sequenceComment(table, undefined, column, scope)),
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
        table: ownParts(table, scope),
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
      parts: new Map(),
    })),
    ...comments.filter((change) => change !== null),
  ];
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
