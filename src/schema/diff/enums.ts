/** Enum types: values are added in their place; whatever else changes needs a new type. */
import { key, type Alteration, type Change } from "../changes.js";
import { createIndex, createType, inlineConstraint } from "../create-sql.js";
import type { Column, EnumType, Model, Table } from "../model.js";
import { id, literal, qualified, withSuffix } from "../names.js";
import { alteration } from "./alteration.js";
import { isMadeOf } from "./holders.js";
import type { Scope } from "./scope.js";

export function diffEnum(live: EnumType, desired: EnumType, scope: Scope): Change[] {
  const gone = live.values.filter((value) => !desired.values.includes(value));
  const kept = live.values.filter((value) => desired.values.includes(value));
  const order = desired.values.filter((value) => live.values.includes(value));
  const changes: Change[] = additions(live, desired);
  if (gone.length === 0 && kept.join("\0") === order.join("\0")) return changes;
  const rebuild = rebuildEnum(live, desired, scope);
  if (gone.length === 0) {
    return [
      ...changes,
      {
        ...rebuild,
        operation: "change_enum",
        reason: "the values stand in another order, which needs a new type",
      },
    ];
  }
  const [first, ...others] = gone;
  return [
    ...changes,
    { ...rebuild, object: `${live.name}.${first ?? ""}` },
    ...others.map((value) => ({
      ...rebuild,
      object: `${live.name}.${value}`,
      up: [],
      first: [],
      down: [],
      note: `done together with ${live.name}.${first ?? ""}`,
      elsewhere: { by: "another", statements: rebuild.up } as const,
      provides: [],
    })),
  ];
}

/**
 * Each new value in front of the next one that is live already. Going from the end keeps several
 * new ones in order: each goes in front of the one added before it.
 */
function additions(live: EnumType, desired: EnumType): Change[] {
  const present = new Set(live.values);
  const changes: Change[] = [];
  let before: string | null = null;
  for (const value of [...desired.values].reverse()) {
    if (!present.has(value)) {
      changes.push({ kind: "add_enum_value", type: live.name, value, before });
    }
    before = value;
  }
  return changes;
}

interface Use {
  readonly table: string;
  readonly column: Column;
}

const usesOf = (model: Model, type: string): Use[] =>
  model.tables.flatMap((table) =>
    table.columns
      .filter((column) => column.usesType === type && !column.inherited)
      .map((column) => ({ table: table.name, column })),
  );

/** Whether a constraint or index is the same afterwards; those that change do so by themselves. */
function staysIn(desired: Table | undefined) {
  const after = new Map(
    [...(desired?.constraints ?? []), ...(desired?.indexes ?? [])].map((item) => [
      item.name,
      item.definition,
    ]),
  );
  return ({ name, definition }: { readonly name: string; readonly definition: string }): boolean =>
    desired === undefined || after.get(name) === definition;
}

/** Whether an expression or predicate has a value that its enum loses. */
export const namesGoneValue = (
  { definition }: { readonly definition: string },
  { live, desired, namespace }: Scope,
): boolean =>
  live.enums.some(({ name, values }) => {
    const after = desired.enums.find((other) => other.name === name)?.values ?? values;
    return values.some(
      (value) =>
        !after.includes(value) &&
        definition.includes(`${literal(value)}::${qualified(namespace, name)}`),
    );
  });

/** A new type, the columns moved over by their text, and what names the values dropped and added again. */
function rebuildEnum(live: EnumType, desired: EnumType, scope: Scope): Alteration {
  return alteration({
    operation: "drop_enum_value",
    table: null,
    object: live.name,
    reason:
      "PostgreSQL cannot remove an enum value: it needs a new type, and rows may hold the value",
    up: swapType(live.name, desired, scope),
    down: swapType(live.name, live, scope),
    note:
      holderNote(live.name, scope) ??
      heldFastNote(live.name, scope) ??
      `rows that hold a dropped value make it fail: a person has to change them first. If it was renamed, write instead: ${renameSql(live, desired, scope)}`,
    provides: [key.type(live.name)],
    needs: goingWith(live.name, scope),
  });
}

/** Columns that go by themselves: before, so that they take no part, nor on the way back. */
const goingWith = (type: string, { live, desired }: Scope): string[] =>
  usesOf(live, type)
    .filter((use) => goes(use, desired))
    .map(({ table, column }) => `gone:${table}.${column.name}`);

const goes = ({ table, column }: Use, desired: Model): boolean =>
  desired.tables
    .find(({ name }) => name === table)
    ?.columns.every(({ name }) => name !== column.name) ?? false;

/** Spelled out where one value stands in the place of one that goes. */
function renameSql(live: EnumType, desired: EnumType, { namespace }: Scope): string {
  const type = qualified(namespace, live.name);
  const at = live.values.findIndex((value) => !desired.values.includes(value));
  const [from, to] = [live.values[at], desired.values[at]];
  const isOne = to !== undefined && !live.values.includes(to);
  return from === undefined || !isOne
    ? `ALTER TYPE ${type} RENAME VALUE ...`
    : `ALTER TYPE ${type} RENAME VALUE ${literal(from)} TO ${literal(to)}`;
}

function holderNote(name: string, scope: Scope): string | null {
  const type = qualified(scope.namespace, name);
  const [first, ...others] = [...scope.live.domains, ...scope.live.composites]
    .filter((other) => isMadeOf(other, type))
    .map((other) => other.name);
  if (first === undefined) return null;
  return others.length === 0
    ? `the type ${first} is made of it and cannot be moved to a new one: a person has to create it anew, with the columns that hold it`
    : `the types ${[first, ...others].join(", ")} are made of it and cannot be moved to a new one: a person has to create them anew, with the columns that hold them`;
}

/** Columns that no statement gives another type. */
function heldFastNote(name: string, { live, namespace }: Scope): string | null {
  const type = qualified(namespace, name);
  for (const table of live.tables) {
    const [, keys = ""] = /^\w+ \((.*)\)$/.exec(table.partitionKey ?? "") ?? [];
    const used = table.columns.filter((column) => column.usesType === name);
    const key = used.find((column) => keys.split(", ").includes(id(column.name)));
    if (key !== undefined) {
      return `${table.name} is partitioned by ${key.name}, which cannot get the new type: a person has to create the table anew and copy the rows`;
    }
    const read = table.columns.find(
      ({ generated, reads }) =>
        generated !== null && used.some((column) => reads.includes(column.name)),
    );
    if (read !== undefined) {
      return `${table.name}.${read.name} is generated from a column of ${type}, which cannot get the new type: a person has to drop it before, and add it again after`;
    }
  }
  return null;
}

function swapType(name: string, to: EnumType, scope: Scope): string[] {
  const { namespace, desired } = scope;
  const old = withSuffix(name, "_old");
  const type = qualified(namespace, name);
  const uses = usesOf(scope.live, name).filter((use) => !goes(use, desired));
  // What mentions the type's values would still compare with the old type.
  const mentions = (text: string): boolean => text.includes(`::${type}`);
  const tables = scope.live.tables.map((table) => ({
    name: qualified(namespace, table.name),
    constraints: table.constraints.filter(({ definition }) => mentions(definition)),
    indexes: table.indexes.filter(({ definition }) => mentions(definition)),
    stays: staysIn(desired.tables.find((other) => other.name === table.name)),
  }));
  const defaultOf = (table: string, column: string): string | null =>
    desired.tables
      .find((other) => other.name === table)
      ?.columns.find((other) => other.name === column)?.default ?? null;
  return [
    ...tables.flatMap((table) => [
      ...table.constraints.map(
        (item) => `ALTER TABLE ${table.name} DROP CONSTRAINT IF EXISTS ${id(item.name)}`,
      ),
      ...table.indexes.map((item) => `DROP INDEX IF EXISTS ${qualified(namespace, item.name)}`),
    ]),
    `ALTER TYPE ${type} RENAME TO ${id(old)}`,
    createType({ of: "enum", ...to }, namespace),
    ...uses.flatMap(({ table, column }) => {
      const head = `ALTER TABLE ${qualified(namespace, table)} ALTER COLUMN ${id(column.name)}`;
      const wanted = defaultOf(table, column.name);
      return [
        ...(column.default === null && wanted === null ? [] : [`${head} DROP DEFAULT`]),
        `${head} TYPE ${column.type} USING ${id(column.name)}::text${column.type.endsWith("[]") ? "[]" : ""}::${column.type}`,
        // Another one is set by a change of its own.
        ...(wanted === null || column.default !== wanted ? [] : [`${head} SET DEFAULT ${wanted}`]),
      ];
    }),
    `DROP TYPE ${qualified(namespace, old)}`,
    ...tables.flatMap((table) => [
      ...table.constraints
        .filter(table.stays)
        .map((item) => `ALTER TABLE ${table.name} ADD ${inlineConstraint(item)}`),
      ...table.indexes.filter(table.stays).map((item) => createIndex(item, table.name)),
    ]),
  ];
}
