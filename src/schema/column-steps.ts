/** Adding a column: at once where that is a matter of the catalog, else filled in batches. */
import { needsBackfill, rewrites } from "./classify.js";
import { columnSql, storageSetting, weakSettings } from "./create-sql.js";
import type { Column, Table } from "./model.js";
import { id, qualified, withSuffix } from "./names.js";
import { step } from "./step.js";
import type { Backfill, Facts, Step } from "./steps.js";

export function columnSteps(table: Table, column: Column, facts: Facts): Step[] {
  const name = qualified(facts.namespace, table.name);
  const base = { operation: "add_column", table: table.name, object: column.name } as const;
  if (needsBackfill(column, table, facts)) return backfillSteps(table, column, facts);
  const known = facts.tables.get(table.name) ?? { rows: 0, bytes: 0 };
  return [
    step(facts, {
      ...base,
      sql: `ALTER TABLE ${name} ADD COLUMN ${columnSql(column)}`,
      lock: "ACCESS EXCLUSIVE",
      rewrites: rewrites(column),
      work: rewrites(column) ? { rows: known.rows, bytes: known.bytes } : null,
    }),
    ...storageSetting(name, column).map((sql) =>
      step(facts, { ...base, sql, lock: "ACCESS EXCLUSIVE" }),
    ),
    ...weakSettings(name, column).map((sql) =>
      step(facts, { ...base, sql, lock: "SHARE UPDATE EXCLUSIVE" }),
    ),
  ];
}

/** New rows take the default at once, the old ones batch by batch; NOT NULL comes last, proven by a check. */
function backfillSteps(table: Table, column: Column, facts: Facts): Step[] {
  const name = qualified(facts.namespace, table.name);
  const head = `ALTER TABLE ${name}`;
  const base = { operation: "add_column", table: table.name, object: column.name } as const;
  return [
    step(facts, {
      ...base,
      sql: `${head} ADD COLUMN ${columnSql({ ...column, default: null, notNull: false })}, ALTER COLUMN ${id(column.name)} SET DEFAULT ${column.default ?? "NULL"}`,
      lock: "ACCESS EXCLUSIVE",
      backfill: { of: { table: table.name, column: column.name }, phase: "begin" },
    }),
    ...backfillRest(table, column, facts),
  ];
}

/** The check that proves NOT NULL without a scan under the strong lock. */
export const notNullCheck = ({ table, column }: Backfill): string =>
  withSuffix(`${table}_${column}`, "_not_null_check");

/** What is left when the column is there: also where a run was killed before it was done. */
export function backfillRest(table: Table, column: Column, facts: Facts): Step[] {
  const name = qualified(facts.namespace, table.name);
  const head = `ALTER TABLE ${name}`;
  const base = { operation: "add_column", table: table.name, object: column.name } as const;
  const of = { table: table.name, column: column.name };
  const known = facts.tables.get(table.name) ?? { rows: 0, bytes: 0 };
  const work = { rows: known.rows, bytes: known.bytes };
  const check = id(notNullCheck(of));
  const quick = { ...base, lock: "ACCESS EXCLUSIVE" } as const;
  return [
    step(facts, {
      ...base,
      sql: `UPDATE ${name} SET ${id(column.name)} = DEFAULT WHERE ${id(column.name)} IS NULL`,
      lock: "ROW EXCLUSIVE",
      statementMs: 30_000,
      work,
      backfill: { of, phase: column.notNull ? "run" : "end" },
    }),
    ...(column.notNull
      ? [
          step(facts, {
            ...quick,
            sql: `${head} DROP CONSTRAINT IF EXISTS ${check}, ADD CONSTRAINT ${check} CHECK (${id(column.name)} IS NOT NULL) NOT VALID`,
          }),
          step(facts, {
            ...base,
            sql: `${head} VALIDATE CONSTRAINT ${check}`,
            lock: "SHARE UPDATE EXCLUSIVE",
            statementMs: 0,
            work,
          }),
          step(facts, {
            ...quick,
            sql: `${head} ALTER COLUMN ${id(column.name)} SET NOT NULL`,
          }),
          step(facts, {
            ...quick,
            sql: `${head} DROP CONSTRAINT ${check}`,
            backfill: { of, phase: "end" },
          }),
        ]
      : []),
  ];
}
