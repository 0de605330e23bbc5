/** A column that goes, with what goes with it, and what a way back can bring of it. */
import { key, type Alteration } from "../changes.js";
import { columnSql, createSequence, storageSetting, weakSettings } from "../create-sql.js";
import type { Column, Table } from "../model.js";
import { id, qualified } from "../names.js";
import { alteration } from "./alteration.js";
import { ownedSequence } from "./column-alterations.js";
import { readsRetyped } from "./retyped.js";
import type { Scope } from "./scope.js";

const alter = (table: Table, scope: Scope): string =>
  `ALTER TABLE ${qualified(scope.namespace, table.name)}`;

export function dropColumn(table: Table, column: Column, scope: Scope): Alteration {
  const drops = dropSteps(table, column.name, scope);
  const first = readsRetyped(column, scope, table);
  return alteration({
    operation: "drop_column",
    table: table.name,
    object: column.name,
    reason:
      column.generated === null
        ? "dropping a column loses its data, and applications that still read it fail"
        : "applications that still read it fail; its values are computed from other columns",
    // Foreign keys of other tables stand in the way.
    first: [
      ...scope.live.tables.flatMap((other) =>
        other.constraints
          .filter(
            ({ references }) =>
              references?.table === table.name && references.columns.includes(column.name),
          )
          .map(
            (constraint) =>
              `${alter(other, scope)} DROP CONSTRAINT IF EXISTS ${id(constraint.name)}`,
          ),
      ),
      ...(first ? drops : []),
    ],
    up: first ? [] : drops,
    down: isKeyOfRows(table, column) ? null : columnBack(table, column, scope),
    note: lost(table, column, scope),
    provides: [
      `gone:${table.name}.${column.name}`,
      ...goneWith(table, column, scope).map(key.gone),
    ],
    needs: table.columns
      .filter(({ reads }) => reads.includes(column.name))
      .map(({ name: reader }) => `gone:${table.name}.${reader}`),
  });
}

/** Children that keep it as their own keep its values; from others it goes too. */
function dropSteps(table: Table, name: string, scope: Scope): string[] {
  const children = scope.desired.tables.filter(({ inherits }) => inherits.includes(table.name));
  const keeps = ({ columns }: Table): boolean => columns.some((column) => column.name === name);
  const drop = `DROP COLUMN ${id(name)}`;
  if (!children.some(keeps)) return [`${alter(table, scope)} ${drop}`];
  const before = new Map(scope.live.tables.map((item) => [item.name, item]));
  return [
    `ALTER TABLE ONLY ${qualified(scope.namespace, table.name)} ${drop}`,
    ...children
      .filter((child) => !keeps(child) && before.get(child.name)?.inherits.includes(table.name))
      .flatMap((child) => dropSteps(child, name, scope)),
  ];
}

/** The primary key would not come back: the rows would hold the same value, or none. */
const isKeyOfRows = ({ constraints }: Table, column: Column): boolean =>
  column.identity === null &&
  column.generated === null &&
  column.default?.startsWith("nextval(") !== true &&
  constraints.some(({ kind, columns }) => kind === "primary" && columns.includes(column.name));

/** Indexes, keys and the sequence that go with a column. */
const goneWith = (table: Table, { name: column }: Column, { live }: Scope): string[] => [
  ...[...table.indexes, ...table.constraints]
    .filter(({ columns }) => columns.includes(column))
    .map(({ name }) => name),
  ...live.sequences
    .filter(({ ownedBy }) => ownedBy?.table === table.name && ownedBy.column === column)
    .map(({ name }) => name),
];

/** What the way back does not bring. */
function lost(table: Table, column: Column, scope: Scope): string | null {
  if (isKeyOfRows(table, column)) return "its values cannot be brought back: take a backup first";
  const values = valuesBack(column, scope, table);
  return standsOn(table, column, scope)
    ? [
        ...(values === null ? [] : [values]),
        "indexes and constraints on it come with the next apply",
      ].join("; ")
    : values;
}

function valuesBack(column: Column, scope: Scope, table: Table): string | null {
  if (column.generated !== null) {
    return column.notNull && !isFilled(table, column, scope)
      ? "on the way back the column is without NOT NULL"
      : null;
  }
  if (column.identity !== null || column.default?.startsWith("nextval(") === true) {
    return "on the way back every row gets a new number";
  }
  if (isFilled(table, column, scope)) return "on the way back every row has the column's default";
  return `on the way back the column is empty${column.notNull ? ", and without NOT NULL" : ""}`;
}

const standsOn = (table: Table, { name: column }: Column, { live }: Scope): boolean =>
  [...table.indexes, ...table.constraints].some(({ columns }) => columns.includes(column)) ||
  live.tables.some((other) =>
    other.constraints.some(
      ({ references }) => references?.table === table.name && references.columns.includes(column),
    ),
  );

/** Whether the column comes back with a value in every row. */
function isFilled(table: Table, column: Column, scope: Scope): boolean {
  if (column.identity !== null) return true;
  if (column.generated === null) {
    return column.default !== null && !/^\(?NULL\b/i.test(column.default);
  }
  const stay = scope.desired.tables.find(({ name }) => name === table.name)?.columns ?? [];
  return column.reads.every(
    (read) =>
      stay.some(({ name }) => name === read) ||
      table.columns.some((item) => item.name === read && isFilled(table, item, scope)),
  );
}

/** Without its values, and with the sequence that went with it. */
function columnBack(table: Table, column: Column, scope: Scope): string[] {
  const notNull = column.notNull && isFilled(table, column, scope);
  const add = `${alter(table, scope)} ADD COLUMN ${columnSql({ ...column, notNull })}`;
  const sequence = ownedSequence(scope.live, table, column);
  const stays = scope.desired.sequences.some(({ name }) => name === sequence?.name);
  const name = qualified(scope.namespace, table.name);
  const settings = [...storageSetting(name, column), ...weakSettings(name, column)];
  if (sequence === undefined || stays) return [add, ...settings];
  return [
    createSequence(sequence, scope.namespace),
    add,
    ...settings,
    `ALTER SEQUENCE ${qualified(scope.namespace, sequence.name)} OWNED BY ${name}.${id(column.name)}`,
  ];
}
