/**
 * Tables whose row type is the type of columns elsewhere: PostgreSQL changes no type of their columns,
 * and adds none that has a value in every row, while such a column is there.
 */
import { key, type Addition, type Alteration, type Change } from "../changes.js";
import { columnSql } from "../create-sql.js";
import { edges } from "../dependencies.js";
import type { Model } from "../model.js";
import { alteration } from "./alteration.js";

export function withoutUsedRows(found: readonly Change[], live: Model): Change[] {
  const held = heldBy(found);
  // A new column that will hold the rows waits for it, and is in the way of its undoing.
  const changes = found.map((change) =>
    change.kind === "alteration" && RETYPES.has(change.operation) && held.has(change.table ?? "")
      ? { ...change, provides: [...change.provides, key.rows(change.table ?? "")], down: null }
      : change,
  );
  const users = usersOf(live);
  if (users.size === 0) return changes;
  return changes.map((change) => {
    if (change.kind === "add_column" && hasValues(change)) {
      const user = users.get(change.table.name);
      return user === undefined ? change : refused(change, user);
    }
    if (change.kind !== "alteration" || !RETYPES.has(change.operation)) return change;
    const user = users.get(change.table ?? "");
    return user === undefined ? change : { ...change, note: advice(change.table ?? "", user) };
  });
}

const RETYPES: ReadonlySet<Alteration["operation"]> = new Set([
  "change_type",
  "change_generated",
  "add_not_null_column",
]);

/** By table: a column that holds its rows. */
function usersOf({ tables }: Model): ReadonlyMap<string, string> {
  const names = new Set(tables.map(({ name }) => name));
  return new Map(
    tables.flatMap((table) =>
      table.columns.flatMap(({ name, usesType }) =>
        usesType !== null && names.has(usesType) ? [[usesType, `${table.name}.${name}`]] : [],
      ),
    ),
  );
}

/** Tables of whose rows new columns are made. */
const heldBy = (changes: readonly Change[]): ReadonlySet<string | null> =>
  new Set(
    changes.flatMap((change) => {
      if (change.kind === "add_column") return [change.column.usesType];
      return change.kind === "create_table"
        ? change.table.columns.map(({ usesType }) => usesType)
        : [];
    }),
  );

type AddColumn = Addition & { readonly kind: "add_column" };

const hasValues = ({ column }: AddColumn): boolean =>
  column.default !== null || column.identity !== null || column.generated !== null;

const advice = (table: string, user: string): string =>
  `${user} holds rows of ${table}, so PostgreSQL refuses it: a person has to drop that column or give it another type before, and bring it back after`;

function refused(change: AddColumn, user: string): Alteration {
  const { table, column } = change;
  const { provides, needs } = edges(change);
  return alteration({
    operation: "unsupported",
    table: table.name,
    object: column.name,
    reason: `${user} holds rows of ${table.name}, and PostgreSQL then adds no column with a value in every row`,
    up: [],
    down: null,
    note: `${advice(table.name, user)}; applied by itself once it is gone: ADD COLUMN ${columnSql(column)}`,
    provides,
    needs,
  });
}
