/** The changes of a column that a person decides, with the SQL of a revision. */
import { key, type Alteration, type Retyping } from "../changes.js";
import {
  allSequenceClauses,
  columnSql,
  createSequence,
  createType,
  identitySql,
} from "../create-sql.js";
import { sequencesOf } from "../dependencies.js";
import type { Column, Model, Table } from "../model.js";
import { id, literal, qualified, withSuffix } from "../names.js";
import { retypeNote, retypeReason } from "../retype.js";
import { alteration, undo } from "./alteration.js";
import { isMadeOf } from "./holders.js";
import { keysAcross } from "./keys-across.js";
import { movedInto, setBehind, startBehind } from "./sequence-position.js";
import { sameNumbers } from "./same-numbers.js";
import type { Scope } from "./scope.js";
import { standing } from "./stands-on.js";

const alter = (table: Table, scope: Scope): string =>
  `ALTER TABLE ${qualified(scope.namespace, table.name)}`;
const alterColumn = (table: Table, column: Column, scope: Scope): string =>
  `${alter(table, scope)} ALTER COLUMN ${id(column.name)}`;

const setDefault = (head: string, value: string | null): string =>
  value === null ? `${head} DROP DEFAULT` : `${head} SET DEFAULT ${value}`;

export const ownedSequence = (model: Model, table: Table, column: Column) =>
  model.sequences.find(
    ({ ownedBy }) => ownedBy?.table === table.name && ownedBy.column === column.name,
  );

const reversed = (scope: Scope): Scope => ({ ...scope, live: scope.desired, desired: scope.live });

export function changeType(table: Table, live: Column, desired: Column, scope: Scope): Alteration {
  const to = retype(table, live, desired, scope);
  const before = scope.live.tables.find(({ name }) => name === table.name)?.columns ?? [];
  const isRead = [...table.columns, ...before].some(({ reads }) => reads.includes(desired.name));
  const keys = keysAcross(table, desired, scope);
  const cast = retyping(table, live, desired, scope);
  return alteration({
    operation: "change_type",
    table: table.name,
    object: desired.name,
    reason: retypeReason(cast.what, null),
    first: keys.map(({ drop }) => drop),
    up: to,
    last: keys.flatMap(({ add }) => add),
    standing: new Map(
      keys.flatMap(({ add, foreign, drop }) => standing(add, foreign, drop, scope)),
    ),
    // The identity is back by then, and has no default beside it.
    down: isRead
      ? null
      : retype(
          table,
          live.identity === null ? desired : { ...desired, default: null },
          live,
          reversed(scope),
        ),
    undo: undo({
      first: keys.map(({ drop }) => drop),
      references: keys.flatMap(({ add }) => add),
    }),
    cast,
    note: retypeNote(null),
    provides: [key.column(table.name, desired.name)],
    needs: [
      ...columnNeeds(desired),
      ...(narrows(live, desired) ? [key.identity(table.name, desired.name)] : []),
    ],
  });
}

const BYTES: Readonly<Record<string, number>> = { smallint: 2, integer: 4, bigint: 8 };

/** Whether an identity's bounds have to fit the new type before the column gets it. */
const narrows = (from: Column, to: Column): boolean =>
  from.identity !== null && to.identity !== null && (BYTES[to.type] ?? 0) < (BYTES[from.type] ?? 0);

function retyping(table: Table, from: Column, to: Column, scope: Scope): Retyping {
  const live = scope.live.tables.find(({ name }) => name === table.name) ?? table;
  const stays = <T extends { readonly name: string; readonly definition: string }>(
    item: T,
    wanted: readonly T[],
    kind: "index" | "constraint",
  ): boolean =>
    wanted.some(
      ({ name, definition }) =>
        definition === item.definition ||
        (name === item.name &&
          scope.same({
            kind,
            of: table.name,
            column: null,
            live: item.definition,
            desired: definition,
          })),
    );
  const domain = scope.desired.domains.find(({ name }) => name === to.usesType);
  const isNew =
    domain !== undefined && !scope.live.domains.some(({ name }) => name === domain.name);
  return {
    from: from.type,
    to: to.type,
    what: `${spelled(from)} to ${spelled(to)}`,
    table: live,
    column: to.name,
    clause: typeClause(from, to, scope),
    byText: goesByText(from, to, scope),
    keeps: [
      ...live.indexes.filter((index) => stays(index, table.indexes, "index")),
      ...live.constraints.filter((item) => stays(item, table.constraints, "constraint")),
    ]
      .filter(({ columns }) => columns.includes(to.name))
      .map(({ name }) => name),
    creates: isNew ? createType({ of: "domain", ...domain }, scope.namespace) : null,
  };
}

const spelled = ({ type, collation }: Column): string =>
  collation === null ? type : `${type} COLLATE ${collation}`;

/** Its type, and the sequence in its default. */
const columnNeeds = (column: Column): string[] => [
  ...(column.usesType === null ? [] : [key.type(column.usesType)]),
  ...sequencesOf([column]),
];

/** Where no cast of its own leads to a type of the files; that writes every row anew. */
const goesByText = (from: Column, to: Column, scope: Scope): boolean =>
  to.type !== `${from.type}[]` &&
  !(isServers(from, scope.live, scope) && isServers(to, scope.desired, scope));

function castSql(from: Column, to: Column, scope: Scope): string {
  const name = id(to.name);
  if (to.type === `${from.type}[]`) {
    return `CASE WHEN ${name} IS NULL THEN NULL ELSE ARRAY[${name}] END`;
  }
  const text = to.type.endsWith("[]") ? "text[]" : "text";
  return goesByText(from, to, scope) && to.type !== text
    ? `${name}::${text}::${to.type}`
    : `${name}::${to.type}`;
}

/** A type that the server brings, or a domain over one. */
function isServers({ usesType }: Pick<Column, "usesType">, model: Model, scope: Scope): boolean {
  if (usesType === null) return true;
  const domain = model.domains.find(({ name }) => name === usesType);
  return (
    domain !== undefined &&
    [...model.enums, ...model.composites, ...model.domains].every(
      ({ name }) => !isMadeOf(domain, qualified(scope.namespace, name)),
    )
  );
}

const typeClause = (from: Column, to: Column, scope: Scope): string =>
  `TYPE ${spelled(to)} USING ${castSql(from, to, scope)}`;

/** The default goes first: it may not convert by itself. */
function retype(table: Table, from: Column, to: Column, scope: Scope): string[] {
  const head = alterColumn(table, to, scope);
  // An identity column keeps its sequence and has no default to take off.
  const both = from.identity === null && (from.default !== null || to.default !== null);
  return [
    ...(both && from.default !== null ? [`${head} DROP DEFAULT`] : []),
    `${head} ${typeClause(from, to, scope)}`,
    ...(both && to.default !== null && to.identity === null
      ? [`${head} SET DEFAULT ${to.default}`, ...startBehind(table, to, scope.desired, scope.live)]
      : []),
  ];
}

export function changeDefault(
  table: Table,
  live: Column,
  desired: Column,
  scope: Scope,
): Alteration {
  // Each child states its own.
  const hasChildren = scope.desired.tables.some(
    ({ partitionOf, inherits }) =>
      partitionOf?.parent === table.name || inherits.includes(table.name),
  );
  const head = `ALTER TABLE ${hasChildren ? "ONLY " : ""}${qualified(scope.namespace, table.name)} ALTER COLUMN ${id(desired.name)}`;
  return alteration({
    operation: "change_default",
    table: table.name,
    object: desired.name,
    reason: `${live.default ?? "no default"} to ${desired.default ?? "no default"}: applications may rely on the value that new rows take`,
    up: [
      setDefault(head, desired.default),
      ...startBehind(table, desired, scope.desired, scope.live),
    ],
    // Behind the return to an enum type that has the value.
    down: [],
    undo: undo({
      keys: [
        setDefault(head, live.default),
        ...startBehind(table, live, scope.live, scope.desired),
      ],
    }),
    needs: columnNeeds(desired),
  });
}

/** Set through a validated check, which keeps the scan off the lock that stops every query. */
export function changeNotNull(table: Table, desired: Column, scope: Scope): Alteration {
  const head = alterColumn(table, desired, scope);
  const set = notNullSteps(table, desired.name, scope.namespace);
  if (!desired.notNull) {
    return alteration({
      operation: "drop_not_null",
      table: table.name,
      object: desired.name,
      reason: "applications may rely on the column never being null",
      up: [`${head} DROP NOT NULL`],
      down: set,
      provides: [key.notNull(table.name, desired.name)],
    });
  }
  return alteration({
    operation: "set_not_null",
    table: table.name,
    object: desired.name,
    reason:
      "rows may hold nulls, and writers that leave the column out fail; a check proves it while others read and write, so that the lock that stops every query is held for moments",
    up: [...fillNulls(table, desired, scope.namespace), ...set],
    down: [`${head} DROP NOT NULL`],
    note:
      desired.default === null
        ? "rows that hold null make it fail: a person has to fill them first"
        : "rows that hold null take the default; write another value where that is wrong",
    transactional: false,
    provides: [key.notNull(table.name, desired.name)],
    needs: [key.column(table.name, desired.name)],
  });
}

/** NOT NULL column for a table with rows: nullable first, then filled, then set. */
export function addNotNullColumn(table: Table, column: Column, namespace: string): Alteration {
  const name = `ALTER TABLE ${qualified(namespace, table.name)}`;
  return alteration({
    operation: "add_not_null_column",
    table: table.name,
    object: column.name,
    reason: "the table has rows, which would need a value for the new NOT NULL column",
    up: [
      `${name} ADD COLUMN ${columnSql({ ...column, notNull: false })}`,
      `UPDATE ${qualified(namespace, table.name)} SET ${id(column.name)} = NULL /* write the value here */ WHERE ${id(column.name)} IS NULL`,
      ...notNullSteps(table, column.name, namespace),
    ],
    down: [`${name} DROP COLUMN ${id(column.name)}`],
    note: "a person has to write the value for the rows that are there (the UPDATE), or give the column a default in schema.sql",
    provides: [key.column(table.name, column.name), key.notNull(table.name, column.name)],
    needs: columnNeeds(column),
  });
}

const fillNulls = (table: Table, { name, default: value }: Column, namespace: string): string[] =>
  value === null
    ? []
    : [
        `UPDATE ${qualified(namespace, table.name)} SET ${id(name)} = ${value} WHERE ${id(name)} IS NULL`,
      ];

const notNullSteps = (table: Table, column: string, namespace: string): string[] => {
  const head = `ALTER TABLE ${qualified(namespace, table.name)}`;
  const check = id(withSuffix(`${table.name}_${column}`, "_not_null_check"));
  return [
    `${head} DROP CONSTRAINT IF EXISTS ${check}, ADD CONSTRAINT ${check} CHECK (${id(column)} IS NOT NULL) NOT VALID`,
    `${head} VALIDATE CONSTRAINT ${check}`,
    `${head} ALTER COLUMN ${id(column)} SET NOT NULL`,
    `${head} DROP CONSTRAINT IF EXISTS ${check}`,
  ];
};

/** Serial to identity, back, or other options of the identity's sequence. */
export function changeIdentity(
  table: Table,
  live: Column,
  desired: Column,
  scope: Scope,
): Alteration {
  const [from, to] = [live.identity?.sequence ?? null, desired.identity?.sequence ?? null];
  const renames = from !== null && to !== null && from !== to;
  return alteration({
    operation: "change_identity",
    table: table.name,
    object: desired.name,
    reason:
      live.identity !== null && desired.identity !== null && sameNumbers(live, desired)
        ? `its sequence is there under the name ${live.identity.sequence ?? ""}`
        : "who gives the column its next value changes, and with it what inserts may name",
    up: toIdentity(table, live, desired, scope),
    down: toIdentity(table, desired, live, scope),
    note:
      desired.identity !== null && !live.notNull
        ? "rows that hold null make it fail: a person has to fill them first"
        : null,
    needs: [
      ...(narrows(live, desired) ? [] : [key.column(table.name, desired.name)]),
      ...(renames ? [key.gone(to), key.goneTable(to)] : []),
    ],
    newName: renames ? { of: "SEQUENCE", from, to } : null,
    provides: [key.identity(table.name, desired.name), ...(renames ? [key.gone(from)] : [])],
  });
}

function toIdentity(table: Table, from: Column, to: Column, scope: Scope): string[] {
  const head = alterColumn(table, to, scope);
  if (to.identity === null) {
    return [
      `${head} DROP IDENTITY`,
      ...ownSequence(table, to, scope),
      ...(to.default === null ? [] : [`${head} SET DEFAULT ${to.default}`]),
      ...(to.notNull ? [] : [`${head} DROP NOT NULL`]),
    ];
  }
  if (from.identity !== null) {
    const renames = renamedSequence(from, to, scope);
    if (sameNumbers(from, to)) return renames;
    const options = allSequenceClauses(to.identity.options).map((clause) => `SET ${clause}`);
    const when = to.identity.always ? "ALWAYS" : "BY DEFAULT";
    const moved = movedInto(
      `pg_get_serial_sequence(${literal(qualified(scope.namespace, table.name))}, ${literal(to.name)})`,
      from.identity.options,
      to.identity.options,
      (restart) => [`${head} SET GENERATED ${when}`, ...options, ...restart].join(" "),
    );
    return [...renames, ...moved];
  }
  const name = literal(qualified(scope.namespace, table.name));
  const column = id(to.name);
  // Its sequence makes place for the identity's, which takes the name.
  const serial = ownedSequence(scope.live, table, to) ?? ownedSequence(scope.desired, table, to);
  return [
    ...(from.default === null ? [] : [`${head} DROP DEFAULT`]),
    ...(serial === undefined ? [] : [`DROP SEQUENCE ${qualified(scope.namespace, serial.name)}`]),
    ...(from.notNull ? [] : notNullSteps(table, to.name, scope.namespace)),
    `${head} ADD ${identitySql(to)}`,
    setBehind(
      `pg_get_serial_sequence(${name}, ${literal(to.name)})`,
      column,
      to.identity.options,
      scope.namespace,
      table.name,
    ),
  ];
}

function renamedSequence(from: Column, to: Column, { namespace }: Scope): string[] {
  const [before, after] = [from.identity?.sequence ?? null, to.identity?.sequence ?? null];
  return before === null || after === null || before === after
    ? []
    : [`ALTER SEQUENCE ${qualified(namespace, before)} RENAME TO ${id(after)}`];
}

/** The sequence of a serial column, which takes the name that the identity's had. */
function ownSequence(table: Table, column: Column, scope: Scope): string[] {
  const sequence =
    ownedSequence(scope.desired, table, column) ?? ownedSequence(scope.live, table, column);
  if (sequence === undefined) return [];
  const name = qualified(scope.namespace, sequence.name);
  const target = qualified(scope.namespace, table.name);
  return [
    createSequence(sequence, scope.namespace),
    `ALTER SEQUENCE ${name} OWNED BY ${target}.${id(column.name)}`,
    setBehind(literal(name), id(column.name), sequence, scope.namespace, table.name),
  ];
}

/** The default or identity of a column that is generated no longer. */
function ownValues(table: Table, live: Column, desired: Column, scope: Scope): string[] {
  if (desired.identity !== null) {
    return toIdentity(table, { ...live, generated: null }, desired, scope);
  }
  if (desired.default === null) return [];
  return [
    `${alterColumn(table, desired, scope)} SET DEFAULT ${desired.default}`,
    ...startBehind(table, desired, scope.desired, scope.live),
  ];
}

const anewReason = ({ generated }: Column): string => {
  switch (generated?.kind) {
    case "stored":
      return "the table is rewritten to compute the column, under a lock that stops every query";
    case "virtual":
      return "the column is dropped and made anew; no row is written, its values are computed as they are read";
    case undefined:
      return "the column is dropped and made anew, without the values that it had";
  }
};

/** A column that shall never be null, computed from one that may be. */
const mayBeNull = (table: Table, desired: Column, { live }: Scope): boolean =>
  desired.generated !== null &&
  desired.notNull &&
  (live.tables.find(({ name }) => name === table.name)?.columns ?? []).some(
    ({ name, notNull }) => !notNull && desired.reads.includes(name),
  );

/** A sequence that stays would go with the column that it belongs to. */
function besideItsSequence(table: Table, column: Column, scope: Scope) {
  const sequence = ownedSequence(scope.desired, table, column);
  if (sequence === undefined) return { apart: [], again: [] };
  const head = `ALTER SEQUENCE ${qualified(scope.namespace, sequence.name)} OWNED BY`;
  const owner = `${qualified(scope.namespace, table.name)}.${id(column.name)}`;
  return { apart: [`${head} NONE`], again: [`${head} ${owner}`] };
}

/** Generated columns hold nothing of their own, so one is made anew; a plain one would lose its data. */
export function changeGenerated(
  table: Table,
  live: Column,
  desired: Column,
  scope: Scope,
): Alteration {
  const head = alter(table, scope);
  const name = id(desired.name);
  const drop = `${head} DROP COLUMN ${name}`;
  const anew = (column: Column) => `${head} ADD COLUMN ${columnSql(column)}`;
  const frees = live.generated?.kind === "stored" && desired.generated === null;
  const keeps = frees && live.type === desired.type;
  const { apart, again } = besideItsSequence(table, desired, scope);
  return alteration({
    operation: "change_generated",
    table: table.name,
    object: desired.name,
    reason: keeps ? "new rows would no longer get the computed value" : anewReason(desired),
    // In front of the change of a type that the old expression reads.
    first: keeps ? [`${head} ALTER COLUMN ${name} DROP EXPRESSION`] : [...apart, drop],
    up: keeps ? ownValues(table, live, desired, scope) : [anew(desired), ...again],
    down: live.generated === null ? null : [...apart, drop, anew(live), ...again],
    note:
      [
        ...(live.generated === null ? ["the column's present values are lost"] : []),
        ...(keeps
          ? []
          : ["indexes and constraints on it go with it and are added again by the next apply"]),
        ...(mayBeNull(table, desired, scope)
          ? ["rows for which it gives null make it fail: a person has to change them first"]
          : []),
        ...(keeps && desired.identity !== null && !live.notNull
          ? ["rows that hold null make it fail: a person has to fill them first"]
          : []),
      ].join("; ") || null,
    provides: [key.column(table.name, desired.name)],
    needs: columnNeeds(desired),
  });
}
