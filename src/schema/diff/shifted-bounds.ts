/**
 * Partitions that stay with their parent and have other bounds. One takes values that another gives
 * up, so all of them are detached, rows go where they belong, and all are attached again: one change
 * does that for its parent, the others stand behind it.
 */
import { key, type Elsewhere, type Undo } from "../changes.js";
import type { Model, Table } from "../model.js";
import { id, qualified } from "../names.js";
import { undo } from "./alteration.js";
import { keyTypes, overlap } from "./bounds.js";
import { addSteps, dropSql } from "./constraints.js";
import { leavingColumns } from "./parents.js";
import { byName, type Scope } from "./scope.js";

interface Shift {
  /** Foreign keys on the parent, which keep rows where they are, go and come back. */
  readonly first: readonly string[];
  readonly last: readonly string[];
  readonly undo: Undo;
  readonly up: readonly string[];
  /** Null: a new partition has values that they gave up. */
  readonly down: readonly string[] | null;
  readonly note: string | null;
  readonly provides: readonly string[];
  readonly needs: readonly string[];
  readonly elsewhere: Elsewhere | null;
}

interface Part {
  readonly table: Table;
  readonly from: string;
  readonly to: string;
}

/** Null where it is no partition that stays with its parent. */
export function shiftOf(table: Table, scope: Scope): Shift | null {
  const parts = shifted(table.partitionOf?.parent ?? "", scope);
  const own = parts.find((part) => part.table.name === table.name);
  const [first] = parts;
  if (own === undefined || first === undefined) return null;
  const up = statements(parts, "to", scope);
  const provides = [key.parents(table.name)];
  if (own !== first) {
    return {
      first: [],
      last: [],
      undo: undo({}),
      up: [],
      down: [],
      note: `done together with ${first.table.name}`,
      provides,
      needs: [key.parents(first.table.name)],
      elsewhere: { by: "another", statements: up },
    };
  }
  const keys = keysOn(table.partitionOf?.parent, scope);
  const drops = keys.map(({ of, foreign }) => dropSql(of, foreign, scope));
  const last = keys.flatMap(({ of, foreign }) => addSteps(of, foreign, scope));
  return {
    first: drops,
    last,
    undo: undo({ first: drops, references: last }),
    up,
    down: isTaken(parts, scope) ? null : statements(parts, "from", scope),
    note: "rows that belong in none of these partitions make it fail: a person has to move them first",
    provides,
    needs: parts.flatMap((part) => [
      ...leavingColumns(part.table, scope),
      ...takenFrom(part, scope),
    ]),
    elsewhere: null,
  };
}

/** Those that stay; of the others another change takes care. */
function keysOn(parent: string | undefined, { live, desired }: Scope) {
  const after = byName(desired.tables);
  return live.tables.flatMap((of) =>
    of.constraints
      .filter(
        ({ name, definition, references }) =>
          references?.table === parent &&
          after
            .get(of.name)
            ?.constraints.some((item) => item.name === name && item.definition === definition),
      )
      .map((foreign) => ({ of, foreign })),
  );
}

/** In the order of the files. */
function shifted(parent: string, { live, desired }: Scope): Part[] {
  const before = byName(live.tables);
  return desired.tables.flatMap((table) => {
    const from = before.get(table.name)?.partitionOf;
    const to = table.partitionOf;
    return from?.parent === parent && to?.parent === parent && from.bound !== to.bound
      ? [{ table, from: from.bound, to: to.bound }]
      : [];
  });
}

/** What holds values of it and leaves the parent by this plan. */
function takenFrom({ table, to }: Part, { live, desired, owned }: Scope): string[] {
  const parent = table.partitionOf?.parent;
  const types = typesOf(live, parent);
  const after = byName(desired.tables);
  return live.tables.flatMap(({ name, partitionOf }) => {
    if (name === table.name || partitionOf?.parent !== parent) return [];
    if (overlap(partitionOf?.bound ?? "", to, types) === false) return [];
    const kept = after.get(name);
    if (kept === undefined) return owned.tables.has(name) ? [key.goneTable(name)] : [];
    return kept.partitionOf?.parent === parent ? [] : [key.parents(name)];
  });
}

/** A new partition comes with the next apply, and may have rows by the time of a way back. */
function isTaken(parts: readonly Part[], { live, desired }: Scope): boolean {
  const before = byName(live.tables);
  return desired.tables.some(
    ({ name, partitionOf }) =>
      !before.has(name) &&
      parts.some(
        ({ table, from }) =>
          partitionOf?.parent === table.partitionOf?.parent &&
          overlap(from, partitionOf?.bound ?? "", typesOf(live, partitionOf?.parent)) !== false,
      ),
  );
}

const typesOf = ({ tables }: Model, name: string | undefined) => {
  const table = tables.find((other) => other.name === name);
  return table === undefined ? [] : keyTypes(table);
};

function statements(parts: readonly Part[], towards: "from" | "to", scope: Scope): string[] {
  const back = towards === "to" ? "from" : "to";
  const spelled = ({ name }: { readonly name: string }) => qualified(scope.namespace, name);
  const [first] = parts;
  const parent = first?.table.partitionOf?.parent ?? "";
  const head = `ALTER TABLE ${qualified(scope.namespace, parent)}`;
  const types = typesOf(scope.live, parent);
  const moves = parts.flatMap((source) =>
    parts.flatMap((target) => {
      const condition = scope.bounds.get(target.table.name)?.[towards] ?? null;
      if (source === target || condition === null) return [];
      if (overlap(source[back], target[towards], types) === false) return [];
      const columns = target.table.columns
        .filter(({ generated }) => generated === null)
        .map(({ name }) => id(name))
        .join(", ");
      return [
        `WITH moved AS (DELETE FROM ${spelled(source.table)} WHERE ${condition} RETURNING ${columns}) INSERT INTO ${spelled(target.table)} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM moved`,
      ];
    }),
  );
  return [
    ...parts.map(({ table }) => `${head} DETACH PARTITION ${spelled(table)}`),
    ...moves,
    ...parts.map(
      ({ table, ...bounds }) => `${head} ATTACH PARTITION ${spelled(table)} ${bounds[towards]}`,
    ),
  ];
}
