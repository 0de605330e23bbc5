/** Dropping a table. */
import { key, type Alteration } from "../changes.js";
import type { Table } from "../model.js";
import { id, qualified } from "../names.js";
import { alteration } from "./alteration.js";
import { boundParts } from "./bound-parts.js";
import { namesIn } from "./new-names.js";
import { andAbove, holdOf } from "./referring-rows.js";
import type { Scope } from "./scope.js";

export function dropTable(table: Table, scope: Scope): Alteration {
  const name = qualified(scope.namespace, table.name);
  const given = givenTo(table, scope);
  const hold = given === null ? holdOf(table, scope) : null;
  const parent = hold?.isHeld === true ? table.partitionOf?.parent : undefined;
  const detach =
    parent === undefined
      ? []
      : [`ALTER TABLE ${qualified(scope.namespace, parent)} DETACH PARTITION ${name}`];
  const notes = [
    hold?.note ?? null,
    given === null ? null : `rows that belong in ${given} are there by then`,
    "the data cannot be brought back: take a backup first",
  ].filter((note) => note !== null);
  return alteration({
    operation: "drop_table",
    table: table.name,
    object: table.name,
    reason: "dropping a table loses its data; the schema files no longer hold it",
    first: [
      ...scope.live.tables
        .filter((other) => other.name !== table.name)
        .flatMap((other) =>
          other.constraints
            .filter(({ references }) => references?.table === table.name)
            .map(
              ({ name: foreign }) =>
                `ALTER TABLE ${qualified(scope.namespace, other.name)} DROP CONSTRAINT IF EXISTS ${id(foreign)}`,
            ),
        ),
      ...(hold?.first ?? []),
    ],
    up: [...detach, `DROP TABLE ${name}`],
    provides: [
      key.goneTable(table.name),
      ...[...namesIn(table)].map(key.gone),
      ...scope.live.sequences
        .filter(({ ownedBy }) => ownedBy?.table === table.name)
        .map(({ name }) => key.gone(name)),
    ],
    needs: [
      ...scope.live.tables
        .filter(
          (other) =>
            other.partitionOf?.parent === table.name || other.inherits.includes(table.name),
        )
        .map((other) => key.goneTable(other.name)),
      ...(given === null ? [] : [key.parents(given)]),
    ],
    down: null,
    note: notes.join("; "),
  });
}

/** Whose change moves rows of it, or of what it is a part of, to where they belong. */
function givenTo({ name }: Table, scope: Scope): string | null {
  for (const part of andAbove(name, scope.live)) {
    const parent = scope.live.tables.find((table) => table.name === part)?.partitionOf?.parent;
    const parts = boundParts(parent, scope);
    if (parts.some(({ table, to }) => to === null && table.name === part)) {
      return parts[0]?.table.name ?? null;
    }
  }
  return null;
}
