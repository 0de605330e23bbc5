import { expect, test } from "vitest";
import { recall, remember } from "../../../src/migration/remembered.js";
import { isUnchanged } from "../../../src/schema/diff/unchanged.js";
import type { Column, EnumType, Identity, Model, Table } from "../../../src/schema/model.js";
import type { Fragment } from "../../../src/schema/units.js";

const color = (...values: string[]): EnumType => ({ name: "color", values, comment: null });
const size: EnumType = { name: "size", values: ["s", "l"], comment: null };

const live = (...enums: EnumType[]): Model => ({
  namespace: "public",
  extensions: [],
  enums,
  domains: [],
  composites: [],
  sequences: [],
  tables: [],
});

const identity = (sequence: string | null, comment: string | null = null): Identity => ({
  always: true,
  options: {
    type: "bigint",
    start: "1",
    increment: "1",
    min: "1",
    max: "9",
    cache: "1",
    cycle: false,
  },
  sequence,
  comment,
});

const column = (more: Partial<Column>): Column => ({
  name: "id",
  type: "bigint",
  usesType: null,
  collation: null,
  notNull: true,
  default: null,
  rewrites: false,
  identity: null,
  generated: null,
  reads: [],
  inherited: false,
  compression: null,
  storage: null,
  statistics: null,
  options: [],
  comment: null,
  ...more,
});

const task = (...columns: Column[]): Table => ({
  name: "task",
  partitioned: false,
  unlogged: false,
  partitionKey: null,
  partitionOf: null,
  inherits: [],
  options: [],
  accessMethod: null,
  tablespace: null,
  rowSecurity: false,
  forceRowSecurity: false,
  replicaIdentity: "DEFAULT",
  comment: null,
  columns,
  constraints: [],
  indexes: [],
});

const fragment = (...enums: EnumType[]): Fragment => ({
  hash: "",
  tables: [],
  enums,
  domains: [],
  composites: [],
  sequences: [],
});

test("what is as the files want it is kept as a name, and comes back as the very same object", () => {
  const wanted = fragment(color("red"));
  const kept = remember(live(color("red"), size), [wanted]);
  expect(kept.enums).toEqual(["color", size]);
  const back = recall(kept, [wanted]);
  expect(back?.enums).toEqual([color("red"), size]);
  expect(back?.enums[0]).toBe(wanted.enums[0]);
});

test("what differs from the files is kept whole", () => {
  const wanted = fragment(color("red", "green"));
  expect(remember(live(color("red")), [wanted]).enums).toEqual([color("red")]);
});

test("a name that nothing explains any more is not made up", () => {
  const kept = remember(live(color("red")), [fragment(color("red"))]);
  expect(recall(kept, [fragment(size)])).toBeNull();
});

test("a table whose identity has the server's name is kept as a name, comes back with it, and is seen to be unchanged", () => {
  const wanted = { ...fragment(), tables: [task(column({ identity: identity(null) }))] };
  const found = { ...live(), tables: [task(column({ identity: identity("task_id_seq") }))] };
  const kept = remember(found, [wanted]);
  expect(kept.tables).toEqual(["task"]);
  const [back] = recall(kept, [wanted])?.tables ?? [];
  expect(back).toEqual(found.tables[0]);
  expect(wanted.tables.map((table) => back !== undefined && isUnchanged(back, table))).toEqual([
    true,
  ]);
});

test("a table whose identity has a name of its own is kept whole", () => {
  const wanted = { ...fragment(), tables: [task(column({ identity: identity(null) }))] };
  const found = { ...live(), tables: [task(column({ identity: identity("task_id_seq1") }))] };
  expect(remember(found, [wanted]).tables).toEqual(found.tables);
});

test.each([
  ["another comment", column({ comment: "a" }), column({ comment: "b" })],
  [
    "another name of its sequence",
    column({ identity: identity("a") }),
    column({ identity: identity("b") }),
  ],
  [
    "another comment on its sequence",
    column({ identity: identity("a", "x") }),
    column({ identity: identity(null, "y") }),
  ],
  ["no identity any more", column({ identity: identity("a") }), column({})],
])("a column with %s makes a table a changed one", (_what, before, after) => {
  const shared = task(before);
  expect(isUnchanged(shared, { ...shared, columns: [after] })).toBe(false);
});

test("a table with one column more, or fewer, is a changed one", () => {
  const id = column({});
  const [short, long] = [task(id), task(id, column({ name: "a" }))];
  const shared = (table: Table): Table => ({ ...short, columns: table.columns });
  expect(isUnchanged(short, shared(long))).toBe(false);
  expect(isUnchanged(shared(long), short)).toBe(false);
});
