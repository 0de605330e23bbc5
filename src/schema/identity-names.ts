/**
 * An identity column's own sequence has a name that most files leave to the server. It counts only
 * where they spell it out: in `SEQUENCE NAME`, or in what they say of the sequence.
 */
import { lex } from "./lexer.js";
import type { Column, Model } from "./model.js";
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

/** The model with null for each name that the server would give. */
export const withoutServersNames = (model: Model): Model =>
  withNames(
    model,
    ({ name, identity }, table) =>
      identity?.comment !== null || identity.sequence !== `${table}_${name}_seq`,
  );

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
