/**
 * Which additions may be applied by themselves, by the facts of PostgreSQL and the size of the
 * table. Pure. The facts: adding a column is a matter of the catalog alone unless its value has to
 * be computed for each row (volatile default, identity, stored generated column, domain with a
 * check), which rewrites the table under a lock that stops every query.
 */
import { key, type Addition, type Alteration, type Change } from "./changes.js";
import { columnSql, createTable, indexOfConstraint, inlineConstraint } from "./create-sql.js";
import { edges } from "./dependencies.js";
import { alteration } from "./diff/alteration.js";
import { addNotNullColumn } from "./diff/column-alterations.js";
import type { Column, Constraint, Table } from "./model.js";
import { id, qualified } from "./names.js";
import type { Facts } from "./steps.js";

/**
 * Tables up to this size may be rewritten or scanned under a lock. Source: 5 million rows take 5 to
 * 26 s (measured, PostgreSQL 15), so this many take at most about 50 ms, less than the lock timeout.
 */
const SMALL_ROWS = 10_000;
const SMALL_BYTES = 16 * 2 ** 20;

function isSmall(facts: Facts, table: string): boolean {
  const known = facts.tables.get(table);
  return known === undefined || (known.rows <= SMALL_ROWS && known.bytes <= SMALL_BYTES);
}

/** How a column that needs a value in every row is added to a table that is not small. */
export function needsBackfill(column: Column, table: Table, facts: Facts): boolean {
  return column.rewrites && !isSmall(facts, table.name);
}

/** The change itself when it may be applied, or what a person has to decide instead. */
export function classify(change: Change, facts: Facts): Addition | Alteration {
  if (change.kind === "add_column") return classifyColumn(change, facts);
  if (change.kind === "add_constraint" && !change.onNew) return classifyConstraint(change, facts);
  if (change.kind === "create_table" && change.scans !== null && !isSmall(facts, change.scans)) {
    return searching(change, change.scans, facts);
  }
  return change;
}

/** Unless a check on it tells the server that there are none. */
function searching(
  change: Addition & { kind: "create_table" },
  fallback: string,
  { namespace }: Facts,
): Alteration {
  const { name } = change.table;
  const { provides, needs } = edges(change);
  return alteration({
    operation: "unsupported",
    table: name,
    object: name,
    reason: `PostgreSQL searches the default partition ${fallback}, which is not small, for rows of it, under a lock that stops every query`,
    up: [createTable(change.table, namespace)],
    down: null,
    note: "run it when queries may wait",
    provides,
    needs,
  });
}

function classifyColumn(
  change: Addition & { kind: "add_column" },
  facts: Facts,
): Addition | Alteration {
  const { table, column } = change;
  const computed = column.identity !== null || column.generated !== null;
  const empty = facts.tables.get(table.name)?.empty === true;
  if (column.notNull && column.default === null && !computed && !empty) {
    return addNotNullColumn(table, column, facts.namespace);
  }
  if (isSmall(facts, table.name) || !rewrites(column)) return change;
  if (column.identity !== null) {
    return rewriting(change, facts, "change_identity", "every row gets a number of its own");
  }
  if (column.generated !== null) {
    return rewriting(change, facts, "change_generated", "the column is computed for every row");
  }
  if (column.usesType !== null) {
    return rewriting(
      change,
      facts,
      "unsupported",
      "the domain's checks are computed for every row",
    );
  }
  if (table.partitioned || table.inherits.length > 0) {
    return rewriting(change, facts, "unsupported", "the default is computed for every row");
  }
  return change;
}

export function rewrites(column: Column): boolean {
  return column.rewrites || column.identity !== null || column.generated?.kind === "stored";
}

function rewriting(
  { table, column }: Addition & { kind: "add_column" },
  facts: Facts,
  operation: "change_identity" | "change_generated" | "unsupported",
  why: string,
): Alteration {
  const head = `ALTER TABLE ${qualified(facts.namespace, table.name)}`;
  return alteration({
    operation,
    table: table.name,
    object: column.name,
    reason: `${why}, which rewrites the table under a lock that stops every query`,
    up: [`${head} ADD COLUMN ${columnSql(column)}`],
    down: [`${head} DROP COLUMN ${id(column.name)}`],
    note: "run it when the application may stand still; the table is locked while it is rewritten",
    provides: [key.column(table.name, column.name), key.notNull(table.name, column.name)],
  });
}

function classifyConstraint(
  change: Addition & { kind: "add_constraint" },
  facts: Facts,
): Addition | Alteration {
  const { table, constraint } = change;
  const small = isSmall(facts, table.name);
  if (constraint.kind === "check") return change;
  if (constraint.kind === "foreign") {
    // PostgreSQL takes no NOT VALID foreign key on a partitioned table before 18.
    const scans = table.partitioned && facts.serverVersionNum < 180000;
    return scans && !small
      ? locking(change, facts, "PostgreSQL checks every row of a partitioned table at once")
      : change;
  }
  const byIndex = !table.partitioned && indexOfConstraint(constraint) !== null;
  if (byIndex || small) return change;
  return locking(change, facts, "it builds an index, which cannot be done concurrently");
}

function locking(
  { table, constraint }: { readonly table: Table; readonly constraint: Constraint },
  facts: Facts,
  why: string,
): Alteration {
  const head = `ALTER TABLE ${qualified(facts.namespace, table.name)}`;
  return alteration({
    operation: constraint.kind === "primary" ? "change_primary_key" : "change_constraint",
    table: table.name,
    object: constraint.name,
    reason: `${why}, under a lock that stops writers on a table that is not small`,
    up: [`${head} ADD ${inlineConstraint(constraint)}`],
    down: [`${head} DROP CONSTRAINT ${id(constraint.name)}`],
    note: "run it when writers may wait",
    provides: [key.constraint(table.name, constraint.name), key.keys(table.name)],
    needs: constraint.columns.map((column) => key.column(table.name, column)),
  });
}
