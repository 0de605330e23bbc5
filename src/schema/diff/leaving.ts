/**
 * Partitions and children that leave a parent. What they have from it stays with them as their own,
 * so it is compared with what the files say of them, and changes only behind their leave.
 */
import { key, type Alteration, type Change } from "../changes.js";
import type { Constraint, Model, Table } from "../model.js";
import type { Rename } from "../statement.js";
import { undo } from "./alteration.js";
import type { InheritedParts } from "./inherited.js";
import { leavesParent, parentsOf } from "./parents.js";
import type { Scope } from "./scope.js";

/** The live model as if these parts were the tables' own. */
export function withInheritedParts(live: Model, parts: InheritedParts): Model {
  if (parts.size === 0) return live;
  const tables = live.tables.map((table) => {
    const own = parts.get(table.name);
    return own === undefined
      ? table
      : {
          ...table,
          constraints: [...table.constraints, ...own.constraints],
          indexes: [...table.indexes, ...own.indexes],
        };
  });
  return { ...live, tables };
}

interface Leaving {
  readonly table: Table;
  /** Parents that it keeps. */
  readonly stays: readonly string[];
}

export function leavingTables(live: Model, desired: Model, renames: readonly Rename[]): Leaving[] {
  const before = new Map(live.tables.map((table) => [table.name, table]));
  return desired.tables.flatMap((after) => {
    const hint = renames.find(({ table, column }) => table === after.name && column === null);
    const table = before.get(hint?.from ?? "") ?? before.get(after.name);
    if (table === undefined || table === after || !leavesParent(table, after)) return [];
    return [{ table, stays: parentsOf(table).filter((name) => parentsOf(after).includes(name)) }];
  });
}

/** Names of the checks that a table has from these. */
export function checksOf(parents: readonly string[], live: Model): Set<string> {
  return new Set(
    live.tables
      .filter(({ name }) => parents.includes(name))
      .flatMap((parent) => [
        ...parent.constraints.filter(({ kind }) => kind === "check").map(({ name }) => name),
        ...checksOf(parentsOf(parent), live),
      ]),
  );
}

/** Names of what `withInheritedParts` gave each table, by its name once renames are done. */
export const inheritedNames = (
  parts: InheritedParts,
  renames: readonly {
    readonly from: string;
    readonly table: string;
    readonly column: string | null;
  }[],
): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(
    [...parts].map(([table, { constraints, indexes }]) => {
      const moved = renames.find(({ from, column }) => column === null && from === table);
      return [moved?.table ?? table, new Set([...constraints, ...indexes].map(({ name }) => name))];
    }),
  );

/** Primary keys that go between one parent and the next, which brings another: there is never a second. */
export function keysOnTheWay(live: Table, desired: Table, scope: Scope): Constraint[] {
  const parent = scope.desired.tables.find(({ name }) => name === desired.partitionOf?.parent);
  const brought = parent?.constraints.find(({ kind }) => kind === "primary");
  if (brought === undefined) return [];
  return live.constraints.filter(
    ({ kind, name, definition }) =>
      kind === "primary" && isInherited(name, desired, scope) && definition !== brought.definition,
  );
}

/** Whether a parent gave the constraint or index which the table is yet to leave. */
export const isInherited = (name: string, table: Table, { inherited }: Scope): boolean =>
  inherited.get(table.name)?.has(name) === true;

/** Changes of a table's indexes and constraints, those that a parent gave it behind its leave. */
export function behindLeave(
  changes: readonly Change[],
  table: string,
  { inherited }: Scope,
): readonly Change[] {
  const names = inherited.get(table);
  if (names === undefined) return changes;
  return changes.map((change) => {
    if (change.kind !== "alteration") return change;
    const { object, newName, provides } = change;
    const isOf =
      names.has(object) ||
      names.has(newName?.from ?? "") ||
      provides.some((name) => [...names].some((other) => name === key.gone(other)));
    return isOf ? inTurn(change, [key.parents(table)]) : change;
  });
}

/**
 * Changes of the indexes and constraints of a table that others leave: what goes must not take their
 * parts along, and what comes would be built on them for nothing.
 */
export function behindLeavers(
  changes: readonly Change[],
  table: string,
  { live, inherited }: Scope,
): readonly Change[] {
  const needs = live.tables
    .filter((other) => inherited.has(other.name) && descends(other, table, live))
    .map(({ name }) => key.parents(name));
  if (needs.length === 0) return changes;
  return changes.map((change) => {
    if (change.kind === "alteration") {
      return change.first.length === 0 ? change : inTurn(change, needs);
    }
    return change.kind === "add_index" || change.kind === "add_constraint"
      ? { ...change, needs: [...change.needs, ...needs] }
      : change;
  });
}

const descends = (table: Table, from: string, live: Model): boolean =>
  parentsOf(table).some(
    (name) =>
      name === from ||
      live.tables.some((parent) => parent.name === name && descends(parent, from, live)),
  );

/** Not in front of everything else, nor its way back behind it. */
function inTurn(change: Alteration, needs: readonly string[]): Alteration {
  const { first, up, down } = change;
  const back = change.undo;
  // A foreign key of the table itself, or those of others that stand on its key.
  const [own, others] = back.keys.length === 0 ? [back.references, []] : [[], back.references];
  return {
    ...change,
    first: [],
    up: [...first, ...up],
    down: down === null ? null : [...back.first, ...down, ...back.keys, ...own],
    undo: undo({ names: back.names, references: others }),
    needs: [...change.needs, ...needs],
  };
}
