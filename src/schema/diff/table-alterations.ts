/** Dropping a table. */
import { key, type Alteration } from "../changes.js";
import type { Table } from "../model.js";
import { id, qualified } from "../names.js";
import { alteration } from "./alteration.js";
import { namesIn } from "./new-names.js";
import type { Scope } from "./scope.js";

export function dropTable(table: Table, scope: Scope): Alteration {
  return alteration({
    operation: "drop_table",
    table: table.name,
    object: table.name,
    reason: "dropping a table loses its data; the schema files no longer hold it",
    first: scope.live.tables
      .filter(({ name }) => name !== table.name)
      .flatMap((other) =>
        other.constraints
          .filter(({ references }) => references?.table === table.name)
          .map(
            ({ name }) =>
              `ALTER TABLE ${qualified(scope.namespace, other.name)} DROP CONSTRAINT IF EXISTS ${id(name)}`,
          ),
      ),
    up: [`DROP TABLE ${qualified(scope.namespace, table.name)}`],
    provides: [
      key.goneTable(table.name),
      ...[...namesIn(table)].map(key.gone),
      ...scope.live.sequences
        .filter(({ ownedBy }) => ownedBy?.table === table.name)
        .map(({ name }) => key.gone(name)),
    ],
    needs: scope.live.tables
      .filter(
        (other) => other.partitionOf?.parent === table.name || other.inherits.includes(table.name),
      )
      .map(({ name }) => key.goneTable(name)),
    down: null,
    note: "the data cannot be brought back: take a backup first",
  });
}
