/** The difference between two models. Pure; knows nothing of sizes, locks or what is allowed. */
import type { Change } from "../changes.js";
import { qualified } from "../names.js";
import { relationNames } from "./new-names.js";
import { holdersRenamed } from "./value-holders.js";
import { byName, type DiffInput, type Scope } from "./scope.js";
import { commentChange } from "./comments.js";
import { diffExtensions } from "./extensions.js";
import { behindGivenColumns } from "./given-columns.js";
import { foreignKeysOf, newTableParts } from "./new-table.js";
import { throughParking } from "./name-circles.js";
import { inheritedNames, withInheritedParts } from "./leaving.js";
import { withPartitionKeys } from "./partition-keys.js";
import { withRenamedKeys } from "./renamed-keys.js";
import { applyRenames, findRenames } from "./renames.js";
import { withoutUsedRows } from "./row-types.js";
import { diffSequences } from "./sequences.js";
import { diffTable } from "./tables.js";
import { diffTypes } from "./types.js";
import { dropTable } from "./table-alterations.js";
import { withoutTakenNames } from "./taken-names.js";
import { isUnchanged } from "./unchanged.js";

export function diffModels(input: DiffInput): Change[] {
  const { namespace } = input.desired;
  const renames = findRenames(input);
  const live = applyRenames(withInheritedParts(input.live, input.parts), renames);
  const present = new Set(live.tables.map(({ name }) => name));
  const scope: Scope = {
    namespace,
    live,
    desired: input.desired,
    explicitNames: input.explicitNames,
    wanted: relationNames({
      ...input.desired,
      tables: input.desired.tables.filter(({ name }) => !present.has(name)),
      sequences: [],
    }),
    owned: input.owned,
    same: input.same,
    partitions: holdersRenamed(input.held.partitions, renames, namespace),
    bounds: input.held.bounds,
    inherited: inheritedNames(input.parts, renames),
  };
  const before = byName(live.tables);
  const after = byName(input.desired.tables);
  const changes: Change[] = [
    ...diffExtensions(live, input.desired),
    ...diffTypes(scope, input.owned),
    ...renames.map((rename) => rename.alteration),
  ];
  for (const table of input.desired.tables) {
    const existing = before.get(table.name);
    if (existing !== undefined && isUnchanged(existing, table)) continue;
    changes.push(
      ...(existing === undefined ? newTableParts(table, scope) : diffTable(existing, table, scope)),
    );
  }
  for (const table of input.desired.tables) {
    if (!before.has(table.name)) changes.push(...foreignKeysOf(table, scope));
  }
  for (const table of live.tables) {
    if (!after.has(table.name) && input.owned.tables.has(table.name)) {
      changes.push(dropTable(table, scope));
    }
  }
  changes.push(...diffSequences(scope, input.owned));
  for (const table of input.desired.tables) {
    const existing = before.get(table.name);
    if (existing?.comment === table.comment) continue;
    const change = commentChange(existing, table, {
      table: table.name,
      object: table.name,
      target: `TABLE ${qualified(namespace, table.name)}`,
      needs: [`table:${table.name}`],
    });
    if (change !== null) changes.push(change);
  }
  const named = withRenamedKeys(behindGivenColumns(changes, scope), scope);
  const possible = withPartitionKeys(withoutUsedRows(named, live), live);
  const free = withoutTakenNames(possible, scope, renames, input.held);
  return throughParking(free, namespace);
}
