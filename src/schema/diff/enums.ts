/** Enum types: values are added in their place; whatever else changes needs a new type. */
import { key, type Alteration, type Change } from "../changes.js";
import { createIndex, createType, inlineConstraint } from "../create-sql.js";
import type { Column, EnumType, Model } from "../model.js";
import { id, qualified, withSuffix } from "../names.js";
import { alteration } from "./alteration.js";
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
    note: "rows that hold a dropped value make it fail: change them first. If the value was renamed, write ALTER TYPE ... RENAME VALUE instead",
    provides: [key.type(live.name)],
  });
}

function swapType(name: string, to: EnumType, scope: Scope): string[] {
  const { namespace, desired } = scope;
  const old = withSuffix(name, "_old");
  const type = qualified(namespace, name);
  const uses = usesOf(scope.live, name);
  // What mentions the type's values would still compare with the old type.
  const mentions = (text: string): boolean => text.includes(`::${type}`);
  const tables = scope.live.tables.map((table) => ({
    name: qualified(namespace, table.name),
    constraints: table.constraints.filter(({ definition }) => mentions(definition)),
    indexes: table.indexes.filter(({ definition }) => mentions(definition)),
    desired: desired.tables.find((other) => other.name === table.name),
  }));
  return [
    ...tables.flatMap((table) => [
      ...table.constraints.map(
        (item) => `ALTER TABLE ${table.name} DROP CONSTRAINT ${id(item.name)}`,
      ),
      ...table.indexes.map((item) => `DROP INDEX ${qualified(namespace, item.name)}`),
    ]),
    `ALTER TYPE ${type} RENAME TO ${id(old)}`,
    createType({ of: "enum", ...to }, namespace),
    ...uses.flatMap(({ table, column }) => {
      const head = `ALTER TABLE ${qualified(namespace, table)} ALTER COLUMN ${id(column.name)}`;
      return [
        ...(column.default === null ? [] : [`${head} DROP DEFAULT`]),
        `${head} TYPE ${column.type} USING ${id(column.name)}::text${column.type.endsWith("[]") ? "[]" : ""}::${column.type}`,
        ...(column.default === null ? [] : [`${head} SET DEFAULT ${column.default}`]),
      ];
    }),
    `DROP TYPE ${qualified(namespace, old)}`,
    ...tables.flatMap((table) => [
      ...table.constraints
        .map((item) => table.desired?.constraints.find((other) => other.name === item.name) ?? item)
        .map((item) => `ALTER TABLE ${table.name} ADD ${inlineConstraint(item)}`),
      ...table.indexes
        .map((item) => table.desired?.indexes.find((other) => other.name === item.name) ?? item)
        .map((item) => createIndex(item, table.name)),
    ]),
  ];
}
