/** What each change provides and needs, as keys: the edges of the dependency graph. */
import { key, type Addition, type Change, type NewType } from "./changes.js";
import type { Column, Table } from "./model.js";
import { typeName } from "./names.js";

export interface Edges {
  readonly provides: readonly string[];
  readonly needs: readonly string[];
}

const typesOf = (columns: readonly Column[]): string[] =>
  columns.flatMap(({ usesType }) => (usesType === null ? [] : [key.type(usesType)]));

/** A table that changes cannot have its rows held elsewhere. */
const rowsOf = ({ name }: Table, columns: readonly Column[]): string[] =>
  columns.flatMap(({ usesType }) =>
    usesType === null || usesType === name ? [] : [key.rows(usesType)],
  );

/** Types that a domain or a composite type stands on; the server's own are in nobody's list. */
function madeOf(type: NewType): string[] {
  if (type.of === "enum") return [];
  const types = type.of === "domain" ? [type.type] : type.attributes.map((item) => item.type);
  return types.map((text) => key.type(typeName(text)));
}

/** Sequences that stand in defaults: `nextval('public.task_seq'::regclass)`. */
export const sequencesOf = (columns: readonly Pick<Column, "default">[]): string[] =>
  columns.flatMap(({ default: value }) =>
    value === null
      ? []
      : [...value.matchAll(/'((?:[^']|'')+)'::regclass/g)].map(([, name = ""]) =>
          key.sequence(typeName(name.replaceAll("''", "'"))),
        ),
  );

const columnsOf = (table: Table, columns: readonly string[]): string[] =>
  columns.map((column) => key.column(table.name, column));

export function edges(change: Change): Edges {
  return change.kind === "alteration" ? change : ofAddition(change);
}

function ofAddition(change: Addition): Edges {
  switch (change.kind) {
    case "create_extension":
      return { provides: [key.extension(change.extension.name)], needs: [] };
    case "create_type":
      return {
        provides: [key.type(change.type.name)],
        needs: [...madeOf(change.type), ...change.needs],
      };
    case "add_enum_value":
      return { provides: [], needs: [] };
    case "create_sequence":
      return { provides: [key.sequence(change.sequence.name)], needs: change.needs };
    case "own_sequence": {
      const { name, ownedBy } = change.sequence;
      const owner = ownedBy === null ? [] : [key.column(ownedBy.table, ownedBy.column)];
      return { provides: [], needs: [key.sequence(name), ...owner] };
    }
    case "create_table": {
      const { table } = change;
      const parents = [...table.inherits, ...(table.partitionOf ? [table.partitionOf.parent] : [])];
      return {
        provides: [
          key.table(table.name),
          key.keys(table.name),
          ...table.columns.flatMap(({ name }) => [
            key.column(table.name, name),
            key.notNull(table.name, name),
          ]),
        ],
        needs: [
          ...typesOf(table.columns),
          ...rowsOf(table, table.columns),
          ...sequencesOf(table.columns),
          ...parents.map(key.table),
          ...change.needs,
        ],
      };
    }
    case "add_column":
      return {
        provides: [
          key.column(change.table.name, change.column.name),
          key.notNull(change.table.name, change.column.name),
          key.rows(change.table.name),
        ],
        needs: [
          key.table(change.table.name),
          // Where the name is an old one, of a column that is renamed.
          `gone:${change.table.name}.${change.column.name}`,
          ...typesOf([change.column]),
          ...rowsOf(change.table, [change.column]),
          ...sequencesOf([change.column]),
          ...columnsOf(change.table, change.column.reads),
          ...change.needs,
        ],
      };
    case "add_index":
      return {
        provides: [
          key.index(change.index.name),
          ...(change.index.unique ? [key.keys(change.table.name)] : []),
        ],
        needs: [
          key.table(change.table.name),
          ...change.needs,
          ...columnsOf(change.table, change.index.columns),
        ],
      };
    case "add_constraint": {
      const { table, constraint } = change;
      const target = constraint.references;
      const primary = constraint.kind === "primary";
      return {
        provides: [
          key.constraint(table.name, constraint.name),
          ...(primary || constraint.kind === "unique" ? [key.keys(table.name)] : []),
        ],
        needs: [
          key.table(table.name),
          ...change.needs,
          ...columnsOf(table, constraint.columns),
          ...(primary ? constraint.columns.map((name) => key.notNull(table.name, name)) : []),
          ...(target === null
            ? []
            : [
                key.table(target.table),
                ...(target.table === table.name ? [] : [key.keys(target.table)]),
                ...target.columns.map((column) => key.column(target.table, column)),
              ]),
        ],
      };
    }
    case "validate_constraint":
      return {
        provides: [],
        needs: [key.constraint(change.table.name, change.constraint.name)],
      };
    case "set_comment":
      return { provides: [], needs: change.needs };
  }
}
