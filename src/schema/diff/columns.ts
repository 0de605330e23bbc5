/** The columns of one table. */
import { key, type Change } from "../changes.js";
import type { Column, Model, Table } from "../model.js";
import { id, qualified } from "../names.js";
import { wasNow } from "../now.js";
import {
  changeDefault,
  changeGenerated,
  changeIdentity,
  changeNotNull,
  changeType,
} from "./column-alterations.js";
import { commentChange } from "./comments.js";
import { settingChanges } from "./column-settings.js";
import { dropColumn } from "./drop-column.js";
import {
  comesWithParent,
  givenByParent,
  isSetByJoining,
  joinsParent,
  leavesParent,
  parentsOf,
} from "./parents.js";
import { readsRetyped } from "./retyped.js";
import { sameNumbers } from "./same-numbers.js";
import { byName, type Scope } from "./scope.js";
import { sequenceComment } from "./sequence-comment.js";

export function diffColumns(live: Table, desired: Table, scope: Scope): Change[] {
  const before = byName(live.columns);
  const after = byName(desired.columns);
  const leaves = leavesParent(live, desired);
  return [
    ...desired.columns.flatMap((column) => {
      const existing = before.get(column.name);
      return existing === undefined
        ? newColumn(live, desired, column, scope)
        : diffColumn(desired, existing, column, scope).filter(
            (change) =>
              !("operation" in change && change.operation === "set_not_null") ||
              !isSetByJoining(live, desired, column, scope),
          );
    }),
    ...live.columns
      .filter((column) => !after.has(column.name) && (!column.inherited || leaves))
      .map((column) => behindParents(dropColumn(live, column, scope), live, column)),
  ];
}

/** A column that the parent has given can change only when it is the table's own. */
function behindParents(change: Change, table: Table, { inherited }: Column): Change {
  return inherited && change.kind === "alteration"
    ? { ...change, needs: [...change.needs, key.parents(table.name)] }
    : change;
}

/**
 * An inherited column comes with the parent's, unless the table is yet to become its child. So does one
 * that a parent gets which the table is yet to leave. A partition has no column but its parent's until
 * it is none any more.
 */
function newColumn(live: Table, desired: Table, column: Column, scope: Scope): Change[] {
  const joins = joinsParent(live, desired);
  const leaves = leavesParent(live, desired);
  const commented = comments(desired, undefined, column, scope);
  if (column.inherited && !joins) return asComesWithParent(desired, column, scope);
  if (leaves && comesWithParent(live, column, scope)) return commented;
  if (leaves && live.partitionOf !== null) {
    // It is added on the way from one parent to the other.
    if (desired.partitionOf !== null) return commented;
    const needs = [key.parents(desired.name)];
    return [{ kind: "add_column", table: desired, column, needs }, ...commented];
  }
  return [{ kind: "add_column", table: desired, column, needs: [] }, ...commented];
}

/**
 * What of a column that the parent gives is the table's own: behind the parent's addition of it, and
 * on the way back in front of that.
 */
function asComesWithParent(table: Table, column: Column, scope: Scope): Change[] {
  const given = givenByParent(table, column, scope);
  if (given === null) return [];
  const addition = key.column(given.by, column.name);
  return diffColumn(table, given.column, column, scope).map((change) => {
    if (change.kind === "set_comment") return { ...change, needs: [...change.needs, addition] };
    if (change.kind !== "alteration") return change;
    const { down, undo } = change;
    return {
      ...change,
      down: down === null ? null : [...down, ...undo.keys],
      undo: { ...undo, keys: [] },
      needs: [...change.needs, addition],
    };
  });
}

function comments(table: Table, live: Column | undefined, column: Column, scope: Scope): Change[] {
  const own = commentChange(live, column, {
    table: table.name,
    object: column.name,
    target: `COLUMN ${qualified(scope.namespace, table.name)}.${id(column.name)}`,
    needs: [key.column(table.name, column.name)],
  });
  return [own, sequenceComment(table, live, column, scope)].filter((change) => change !== null);
}

function diffColumn(table: Table, live: Column, desired: Column, scope: Scope): Change[] {
  const changes: Change[] = [];
  const commented = comments(table, live, desired, scope);
  const generatedDiffers =
    live.generated?.kind !== desired.generated?.kind ||
    !sameText("generated", table, desired, scope, [
      live.generated?.expression ?? null,
      desired.generated?.expression ?? null,
    ]);
  const retyped = live.type !== desired.type || live.collation !== desired.collation;
  const generated = live.generated !== null || desired.generated !== null;
  if (desired.inherited && live.inherited) {
    if (!generated && defaultDiffers(table, live, desired, scope)) {
      changes.push(changeDefault(table, live, desired, scope));
    }
    // Where it is not the parent's that changes, and the child's with it.
    if (live.notNull !== desired.notNull && !followsParent(table, desired, scope)) {
      changes.push(changeNotNull(table, desired, scope));
    }
    return [...changes, ...settingChanges(table, live, desired, scope), ...commented];
  }
  // A column that a generated one reads cannot change its type while that one is there.
  if (generatedDiffers || ((retyped || readsRetyped(live, scope, table)) && generated)) {
    changes.push(changeGenerated(table, live, desired, scope));
    // An identity brings NOT NULL with it.
    const stays = desired.generated === null && desired.identity === null && !retyped;
    if (stays && live.notNull !== desired.notNull) {
      changes.push(changeNotNull(table, desired, scope));
    }
  } else {
    const identity = identityDiffers(live, desired);
    if (retyped) changes.push(changeType(table, live, desired, scope));
    if (identity) changes.push(changeIdentity(table, live, desired, scope));
    else if (!retyped && defaultDiffers(table, live, desired, scope)) {
      changes.push(changeDefault(table, live, desired, scope));
    }
    if (live.notNull !== desired.notNull && !identity) {
      changes.push(changeNotNull(table, desired, scope));
    }
  }
  changes.push(...settingChanges(table, live, desired, scope));
  const behind = changes.map((change) => behindParents(change, table, live));
  return [...behind, ...commented];
}

/** Of a column that the parent has already: one that it gets brings what it has. */
function followsParent(table: Table, { name }: Column, scope: Scope): boolean {
  const notNull = (model: Model, parent: string) =>
    model.tables.find((other) => other.name === parent)?.columns.find((c) => c.name === name)
      ?.notNull;
  return parentsOf(table).some((parent) => {
    const before = notNull(scope.live, parent);
    return before !== undefined && before !== notNull(scope.desired, parent);
  });
}

const defaultDiffers = (table: Table, live: Column, desired: Column, scope: Scope): boolean =>
  !sameText("default", table, desired, scope, [live.default, desired.default]);

function sameText(
  kind: "default" | "generated",
  table: Table,
  column: Column,
  scope: Scope,
  [live, desired]: readonly [string | null, string | null],
): boolean {
  if (live === null || desired === null) return live === desired;
  if (live !== desired && wasNow(live, desired)) return true;
  return scope.same({ kind, of: table.name, column: column.name, live, desired });
}

function identityDiffers(live: Column, desired: Column): boolean {
  if (live.identity === null || desired.identity === null) {
    return live.identity !== desired.identity;
  }
  const { sequence } = desired.identity;
  const named = sequence === null || sequence === live.identity.sequence;
  return !named || !sameNumbers(live, desired);
}
