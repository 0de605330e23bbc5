/**
 * An identity column's own sequence has a name that most files leave to the server. It counts only
 * where they spell it out: in `SEQUENCE NAME`, or in what they say of the sequence.
 */
import { lex } from "./lexer.js";
import type { Column, Model, Table } from "./model.js";
import type { SchemaStatement } from "./statement.js";

const SAYS_SEQUENCE = /\bsequence\b/i;

/** The model with null for each name that the statements do not spell out. */
export function withSpelledNames(model: Model, statements: readonly SchemaStatement[]): Model {
  const spelled = new Set(
    statements.flatMap(({ sql }) =>
      SAYS_SEQUENCE.test(sql) ? lex(sql).map(({ value }) => value) : [],
    ),
  );
  return withNames(model, ({ identity }) => spelled.has(identity?.sequence ?? ""));
}

/** What the server calls it, unless another has the name or it is too long. */
const serversName = (table: string, column: string): string => `${table}_${column}_seq`;

/** The model with null for each name that the server would give. */
export const withoutServersNames = (model: Model): Model =>
  withNames(
    model,
    ({ name, identity }, table) =>
      identity?.comment !== null || identity.sequence !== serversName(table, name),
  );

/** The table with the server's name for each that is null; the very same where there is none. */
export function withServersNames(table: Table): Table {
  if (table.columns.every(({ identity }) => identity?.sequence !== null)) return table;
  const columns = table.columns.map((column) =>
    column.identity?.sequence === null
      ? {
          ...column,
          identity: { ...column.identity, sequence: serversName(table.name, column.name) },
        }
      : column,
  );
  return { ...table, columns };
}

function withNames(model: Model, keeps: (column: Column, table: string) => boolean): Model {
  const tables = model.tables.map((table) =>
    table.columns.every((column) => column.identity === null)
      ? table
      : {
          ...table,
          columns: table.columns.map((column) =>
            column.identity === null || keeps(column, table.name)
              ? column
              : { ...column, identity: { ...column.identity, sequence: null } },
          ),
        },
  );
  return { ...model, tables };
}
