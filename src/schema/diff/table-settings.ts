/** What is said of a table as a whole. All of it is reported, none of it applied. */
import { key, type Alteration, type Change } from "../changes.js";
import type { Column, Model, Table } from "../model.js";
import { id, qualified } from "../names.js";
import { columnSql } from "../create-sql.js";
import { alteration } from "./alteration.js";
import { keysOnTheWay } from "./leaving.js";
import {
  columnsOnTheWay,
  isSetByJoining,
  joinsParent,
  leavesParent,
  leavingColumns,
  parentsOf,
} from "./parents.js";
import { setOptions } from "./options.js";
import { holdOf } from "./referring-rows.js";
import type { Scope } from "./scope.js";
import { shiftOf } from "./shifted-bounds.js";
import { freedBefore } from "./value-holders.js";

interface Setting extends Partial<Alteration> {
  readonly what: string;
  readonly up: readonly string[];
  readonly down: readonly string[] | null;
}

export function diffTableSettings(live: Table, desired: Table, scope: Scope): Change[] {
  return settings(live, desired, scope).map(({ what, ...parts }) =>
    alteration({
      operation: "unsupported",
      table: desired.name,
      object: desired.name,
      reason: what,
      ...parts,
    }),
  );
}

function settings(live: Table, desired: Table, scope: Scope): Setting[] {
  const head = `ALTER TABLE ${qualified(scope.namespace, desired.name)}`;
  const found: Setting[] = [];
  const flag = (from: unknown, to: unknown, what: string, up: string, down: string) => {
    if (from !== to) found.push({ what, up: [`${head} ${up}`], down: [`${head} ${down}`] });
  };
  if (live.unlogged !== desired.unlogged) found.push(persistence(live, desired, scope));
  if (live.options.join() !== desired.options.join()) {
    found.push({
      what: `storage parameters ${live.options.join(", ") || "none"} to ${desired.options.join(", ") || "none"}`,
      up: setOptions(head, live.options, desired.options),
      down: setOptions(head, desired.options, live.options),
    });
  }
  const security = (on: boolean) => `${on ? "ENABLE" : "DISABLE"} ROW LEVEL SECURITY`;
  flag(
    live.rowSecurity,
    desired.rowSecurity,
    `row level security ${desired.rowSecurity ? "on" : "off"}: it decides which rows everyone sees`,
    security(desired.rowSecurity),
    security(live.rowSecurity),
  );
  const force = (on: boolean) => `${on ? "" : "NO "}FORCE ROW LEVEL SECURITY`;
  flag(
    live.forceRowSecurity,
    desired.forceRowSecurity,
    `row level security ${desired.forceRowSecurity ? "also" : "no longer"} for the owner`,
    force(desired.forceRowSecurity),
    force(live.forceRowSecurity),
  );
  flag(
    live.replicaIdentity,
    desired.replicaIdentity,
    `replica identity ${live.replicaIdentity} to ${desired.replicaIdentity}`,
    `REPLICA IDENTITY ${desired.replicaIdentity}`,
    `REPLICA IDENTITY ${live.replicaIdentity}`,
  );
  flag(
    live.accessMethod ?? "heap",
    desired.accessMethod ?? "heap",
    "another access method: the table is rewritten",
    `SET ACCESS METHOD ${id(desired.accessMethod ?? "heap")}`,
    `SET ACCESS METHOD ${id(live.accessMethod ?? "heap")}`,
  );
  flag(
    live.tablespace ?? "pg_default",
    desired.tablespace ?? "pg_default",
    "another tablespace: the table's files are copied under a lock that stops every query",
    `SET TABLESPACE ${id(desired.tablespace ?? "pg_default")}`,
    `SET TABLESPACE ${id(live.tablespace ?? "pg_default")}`,
  );
  return [...found, ...inheritance(live, desired, scope), ...partitioning(live, desired, scope)];
}

/** No logged table may refer to an unlogged one on the way, either. */
function persistence(live: Table, desired: Table, scope: Scope): Setting {
  const head = `ALTER TABLE ${qualified(scope.namespace, desired.name)}`;
  const [word, other] = desired.unlogged ? ["UNLOGGED", "LOGGED"] : ["LOGGED", "UNLOGGED"];
  const refersTo = ({ constraints }: Table, name: string): boolean =>
    constraints.some(({ references }) => references?.table === name);
  const before = scope.live.tables.filter(({ name }) => name !== live.name);
  const earlier = desired.unlogged
    ? before.filter((table) => refersTo(table, live.name))
    : before.filter(({ name }) => refersTo(live, name));
  return {
    what: `to ${word.toLowerCase()}: the table is rewritten under a lock that stops every query`,
    up: [`${head} SET ${word}`],
    down: [`${head} SET ${other}`],
    provides: [`persistence:${desired.name}`],
    needs: earlier.map(({ name }) => `persistence:${name}`),
  };
}

function inheritance(live: Table, desired: Table, scope: Scope): Setting[] {
  if (!joinsParent(live, desired) && !leavesParent(live, desired)) return [];
  if (live.inherits.length + desired.inherits.length === 0) return [];
  const head = `ALTER TABLE ${qualified(scope.namespace, desired.name)}`;
  const strict = stricter(live, desired, scope);
  const move = (from: readonly string[], to: readonly string[]): string[] => [
    ...from
      .filter((parent) => !to.includes(parent))
      .map((parent) => `${head} NO INHERIT ${qualified(scope.namespace, parent)}`),
    ...to
      .filter((parent) => !from.includes(parent))
      .map((parent) => `${head} INHERIT ${qualified(scope.namespace, parent)}`),
  ];
  return [
    {
      what: `inherits from ${desired.inherits.join(", ") || "nothing"} instead of ${live.inherits.join(", ") || "nothing"}`,
      up: [...strict.up, ...move(live.inherits, desired.inherits)],
      down: [...move(desired.inherits, live.inherits), ...strict.down],
      note: [inheritNote(live, desired), strict.note].filter((note) => note !== null).join("; "),
      provides: [key.parents(desired.name), ...strict.provides],
      needs: leavingColumns(desired, scope),
    },
  ];
}

const NOT_STRICT = { up: [], down: [], provides: [], note: null };

/** Columns that have to be NOT NULL before a parent takes the table: no other change sets them. */
function stricter(live: Table, desired: Table, scope: Scope) {
  const columns = desired.columns.filter((column) => isSetByJoining(live, desired, column, scope));
  // A primary key that it gets with the parent stays with it on the way back.
  const inKey = scope.desired.tables
    .filter(({ name }) => parentsOf(desired).includes(name))
    .flatMap(({ constraints }) => constraints.filter(({ kind }) => kind === "primary"))
    .flatMap((primary) => primary.columns);
  const of = (word: string, some: readonly Column[]): string[] =>
    some.map(
      ({ name }) =>
        `ALTER TABLE ${qualified(scope.namespace, desired.name)} ALTER COLUMN ${id(name)} ${word} NOT NULL`,
    );
  return columns.length === 0
    ? NOT_STRICT
    : {
        up: of("SET", columns),
        down: of(
          "DROP",
          columns.filter(({ name }) => !inKey.includes(name)),
        ),
        provides: columns.map(({ name }) => key.notNull(desired.name, name)),
        note: "rows that hold null in what becomes NOT NULL make it fail: a person has to fill them first",
      };
}

const fallbackOf = (parent: string, { desired }: Scope): Table | undefined =>
  desired.tables.find(
    ({ partitionOf }) => partitionOf?.parent === parent && partitionOf.bound === "DEFAULT",
  );

function inheritNote(live: Table, desired: Table): string | null {
  const notes = [
    ...(joinsParent(live, desired)
      ? ["columns that come from the parent have to be there before INHERIT"]
      : []),
    ...(leavesParent(live, desired) ? [LEFT] : []),
  ];
  return notes.length === 0 ? null : notes.join("; ");
}

const LEFT = "what it had from the parent stays with it as its own";
const OUTSIDE = "rows outside the bounds make it fail: a person has to move them first";

function partitioning(live: Table, desired: Table, scope: Scope): Setting[] {
  if (live.partitionKey !== desired.partitionKey) {
    return [
      {
        what: `${describeKey(live)} to ${describeKey(desired)}: only a new table with the rows copied into it can do that`,
        up: [],
        down: null,
        note: "a person has to write this part: create the new table, copy the rows, swap the names",
        provides: [key.partitioned(desired.name)],
      },
    ];
  }
  const child = qualified(scope.namespace, desired.name);
  const [from, to] = [live.partitionOf, desired.partitionOf];
  if (from?.parent === to?.parent && from?.bound === to?.bound) return [];
  const detach = (of: typeof from) =>
    of === null
      ? []
      : [`ALTER TABLE ${qualified(scope.namespace, of.parent)} DETACH PARTITION ${child}`];
  const attach = (of: typeof from) =>
    of === null
      ? []
      : [
          `ALTER TABLE ${qualified(scope.namespace, of.parent)} ATTACH PARTITION ${child} ${of.bound}`,
        ];
  if (from?.parent === to?.parent && isRepartitioned(to?.parent, scope)) {
    return [
      {
        what: `${describePart(from)} to ${describePart(to)}: the parent is partitioned in another way`,
        up: [],
        down: null,
        note: "a person has to write this part together with the parent's",
        provides: [key.parents(desired.name)],
      },
    ];
  }
  const shift = shiftOf(desired, scope);
  if (shift !== null) {
    return [
      {
        what: `${describePart(from)} to ${describePart(to)}: rows may not fit, and queries on the parent see other rows`,
        ...shift,
        provides: [key.parents(desired.name)],
      },
    ];
  }
  // A partition can have a column that its parent lacks only between one parent and the next.
  const missing = from === null || to === null ? [] : columnsOnTheWay(live, desired, scope);
  const keys = keysOnTheWay(live, desired, scope);
  const hold = holdOf(live, scope);
  const strict = to === null ? NOT_STRICT : stricter(live, desired, scope);
  const notes = [
    hold.note,
    to === null ? LEFT : OUTSIDE,
    strict.note,
    to !== null && fallbackOf(to.parent, scope) !== undefined
      ? `so do rows of the default partition ${fallbackOf(to.parent, scope)?.name ?? ""} that belong in it`
      : null,
  ].filter((note) => note !== null);
  return [
    {
      what: `${describePart(from)} to ${describePart(to)}: rows may not fit, and queries on the parent see other rows`,
      first: hold.first,
      up: [
        ...detach(from),
        ...keys.map(({ name }) => `ALTER TABLE ${child} DROP CONSTRAINT ${id(name)}`),
        ...missing.map((column) => `ALTER TABLE ${child} ADD COLUMN ${columnSql(column)}`),
        ...strict.up,
        ...attach(to),
      ],
      // The columns that it gets would have to go again, with what they hold, and the next key.
      down:
        keys.length > 0 || hasMoreThan(from?.parent, desired, scope)
          ? null
          : [...detach(to), ...strict.down, ...attach(from)],
      note: notes.join("; "),
      provides: [
        key.parents(desired.name),
        ...missing.map(({ name }) => key.column(desired.name, name)),
        ...strict.provides,
      ],
      needs: [
        ...leavingColumns(desired, scope),
        ...(to === null ? [] : freedBefore(desired.name, to, scope)),
      ],
    },
  ];
}

/** Columns that the parent would not take it back with. */
function hasMoreThan(name: string | undefined, { columns }: Table, scope: Scope): boolean {
  const named = (table: Table) => table.name === name;
  const parent = scope.desired.tables.find(named) ?? scope.live.tables.find(named);
  return (
    parent !== undefined &&
    columns.some((column) => !parent.columns.some((other) => other.name === column.name))
  );
}

function isRepartitioned(name: string | undefined, { live, desired }: Scope): boolean {
  const keyIn = ({ tables }: Model) => tables.find((table) => table.name === name)?.partitionKey;
  return keyIn(live) !== keyIn(desired);
}

const describeKey = ({ partitionKey }: Table): string =>
  partitionKey === null ? "not partitioned" : `partitioned by ${partitionKey}`;

const describePart = (of: Table["partitionOf"]): string =>
  of === null ? "no partition" : `partition of ${of.parent} ${of.bound}`;
