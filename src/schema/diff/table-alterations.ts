/** Dropping a table. */
import type { Alteration } from "../changes.js";
import type { Table } from "../model.js";
import { qualified } from "../names.js";
import { alteration } from "./alteration.js";
import type { Scope } from "./scope.js";

export function dropTable(table: Table, scope: Scope): Alteration {
  return alteration({
    operation: "drop_table",
    table: table.name,
    object: table.name,
    reason: "dropping a table loses its data; the schema files no longer hold it",
    up: [`DROP TABLE ${qualified(scope.namespace, table.name)}`],
    down: null,
    note: "the data cannot be brought back: take a backup first",
  });
}
