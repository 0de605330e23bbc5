/** Storage, compression, statistics target and options of one column. */
import type { Change } from "../changes.js";
import { ownStorage } from "../create-sql.js";
import type { Column, Model, Table } from "../model.js";
import { id, qualified } from "../names.js";
import { alteration, undo } from "./alteration.js";
import { setOptions } from "./options.js";
import { parentsOf } from "./parents.js";
import type { Scope } from "./scope.js";

const keyOf = (table: string, column: string): string => `settings:${table}.${column}`;

export function settingChanges(
  table: Table,
  live: Column,
  desired: Column,
  scope: Scope,
): Change[] {
  const head = `ALTER TABLE ${qualified(scope.namespace, table.name)} ALTER COLUMN ${id(desired.name)}`;
  const followed = afterParents(table, live, scope);
  const up = steps(head, followed, desired);
  if (up.length === 0) return [];
  const back = steps(head, desired, live);
  return [
    alteration({
      operation: "unsupported",
      table: table.name,
      object: desired.name,
      reason:
        "its storage, compression, statistics target or options differ, which are never changed by themselves",
      up,
      // The parent's way back is the child's too, so that its own comes behind it.
      ...(followed === live ? { down: back } : { down: [], undo: undo({ keys: back }) }),
      provides: [keyOf(table.name, desired.name)],
      needs: parentsOf(table).map((parent) => keyOf(parent, desired.name)),
    }),
  ];
}

function steps(head: string, from: Column, to: Column): string[] {
  return [
    ...(from.storage !== to.storage && from.type === to.type
      ? [`${head} SET STORAGE ${to.storage ?? ownStorage(to.type)}`]
      : []),
    ...(from.statistics === to.statistics ? [] : [`${head} SET STATISTICS ${to.statistics ?? -1}`]),
    ...(from.compression === to.compression
      ? []
      : [`${head} SET COMPRESSION ${to.compression ?? "default"}`]),
    ...setOptions(head, from.options, to.options),
  ];
}

/** PostgreSQL hands a new storage and statistics target down to the children, and nothing else. */
function afterParents(table: Table, live: Column, scope: Scope): Column {
  let column = live;
  if (!live.inherited) return column;
  const columnOf = ({ tables }: Model, parent: string) =>
    tables.find(({ name }) => name === parent)?.columns.find(({ name }) => name === live.name);
  for (const parent of parentsOf(table)) {
    const [before, after] = [columnOf(scope.live, parent), columnOf(scope.desired, parent)];
    if (before === undefined || after === undefined) continue;
    if (before.storage !== after.storage) column = { ...column, storage: after.storage };
    if (before.statistics !== after.statistics) {
      column = { ...column, statistics: after.statistics };
    }
  }
  return column;
}
