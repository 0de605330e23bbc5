/** The lock, the rewriting and the work of a change, put together from its statements. */
import { expect, test } from "vitest";
import { costOf, type Part } from "../../../src/schema/cost.js";
import type { Surroundings } from "../../../src/schema/footprint-parts.js";
import { footprints } from "../../../src/schema/footprint.js";
import { parseStatement } from "../../../src/schema/grammar.js";

const AROUND: Surroundings = {
  computes: (_, column) => column === "random",
  retyped: null,
  holders: (domain) => (domain === "posint" ? ["task", "item"] : []),
  isPartitioned: (table) => table === "log",
  isLed: (_, column) => column === "id",
  isComposite: (type) => type === "pair",
  defaultOf: (table) => (table === "log" ? "log_rest" : null),
  referring: () => [],
};

async function parts(
  statements: readonly string[],
  transaction: Part["transaction"] = "own",
  around: Surroundings = AROUND,
): Promise<Part[]> {
  const nodes = await Promise.all(statements.map(parseStatement));
  return footprints(nodes, around).map((footprint) => ({ footprint, transaction }));
}

const SIZES: Readonly<Record<string, { rows: number; bytes: number }>> = {
  task: { rows: 100, bytes: 8192 },
  item: { rows: 20, bytes: 1000 },
  log_rest: { rows: 7, bytes: 70 },
};
const cost = async (...given: Parameters<typeof parts>) =>
  costOf(await parts(...given), (table) => SIZES[table]);

const NOT_NULL = [
  "ALTER TABLE a.task ADD CONSTRAINT c CHECK (due IS NOT NULL) NOT VALID",
  "ALTER TABLE a.task VALIDATE CONSTRAINT c",
  "ALTER TABLE a.task ALTER COLUMN due SET NOT NULL",
];

test("NOT NULL behind a validated check reads the rows under the weak lock only", async () => {
  expect(await cost(NOT_NULL)).toEqual({
    lock: "ACCESS EXCLUSIVE",
    rewrites: false,
    work: { does: "reads", rows: 100, bytes: 8192, lock: "SHARE UPDATE EXCLUSIVE" },
  });
  const [, , set = ""] = NOT_NULL;
  expect(await cost([set])).toMatchObject({ work: { lock: "ACCESS EXCLUSIVE" } });
});

test("what a transaction has locked it holds while it reads", async () => {
  expect(await cost(NOT_NULL, "shared")).toMatchObject({ work: { lock: "ACCESS EXCLUSIVE" } });
});

test("of a change that writes and reads the heavier part is told", async () => {
  const fill = "UPDATE a.task SET due = now() WHERE due IS NULL";
  expect(await cost([fill, ...NOT_NULL])).toMatchObject({
    lock: "ACCESS EXCLUSIVE",
    rewrites: false,
    work: { does: "writes", lock: "ROW EXCLUSIVE" },
  });
});

test("the tables of a domain count together", async () => {
  const add = "ALTER DOMAIN a.posint ADD CONSTRAINT c CHECK (VALUE > 0)";
  expect(await cost([add])).toEqual({
    lock: "SHARE",
    rewrites: false,
    work: { does: "reads", rows: 120, bytes: 9192, lock: "SHARE" },
  });
  expect(await cost([`${add} NOT VALID`])).toEqual({ lock: "NONE", rewrites: false, work: null });
});

test("a statement without a rule, and no statement at all, leave it open", async () => {
  const open = { lock: null, rewrites: null, work: null };
  expect(await cost(["ALTER EXTENSION citext UPDATE TO '1.6'"])).toEqual(open);
  expect(await cost(["ALTER TABLE a.task DROP COLUMN due", "no SQL"])).toEqual(open);
  expect(await cost([])).toEqual(open);
});

test.each([
  ["ALTER TABLE a.task ADD COLUMN n int", "ACCESS EXCLUSIVE", undefined],
  ["ALTER TABLE a.task ADD COLUMN random uuid DEFAULT f()", "ACCESS EXCLUSIVE", "rewrites"],
  [
    "ALTER TABLE a.task ADD COLUMN n int GENERATED ALWAYS AS IDENTITY",
    "ACCESS EXCLUSIVE",
    "rewrites",
  ],
  [
    "ALTER TABLE a.task ADD COLUMN n int GENERATED ALWAYS AS (id + 1) STORED",
    "ACCESS EXCLUSIVE",
    "rewrites",
  ],
  ["ALTER TABLE a.task ALTER COLUMN n TYPE bigint", "ACCESS EXCLUSIVE", "rewrites"],
  ["ALTER TYPE a.pair ALTER ATTRIBUTE n TYPE bigint", "ACCESS EXCLUSIVE", undefined],
  ["ALTER TABLE a.task SET UNLOGGED", "ACCESS EXCLUSIVE", "rewrites"],
  ["ALTER TABLE a.task SET (fillfactor = 70)", "SHARE UPDATE EXCLUSIVE", undefined],
  ["ALTER TABLE a.task RESET (user_catalog_table)", "ACCESS EXCLUSIVE", undefined],
  ["ALTER INDEX a.i SET (fastupdate = off)", "ACCESS EXCLUSIVE", undefined],
  ["ALTER INDEX a.i RENAME TO j", "SHARE UPDATE EXCLUSIVE", undefined],
  [
    "ALTER TABLE a.task ADD CONSTRAINT k FOREIGN KEY (n) REFERENCES a.item",
    "SHARE ROW EXCLUSIVE",
    "reads",
  ],
  [
    "ALTER TABLE a.task ADD CONSTRAINT k FOREIGN KEY (n) REFERENCES a.item NOT VALID",
    "SHARE ROW EXCLUSIVE",
    undefined,
  ],
  ["ALTER TABLE a.task ADD CONSTRAINT k UNIQUE (n)", "ACCESS EXCLUSIVE", "reads"],
  ["ALTER TABLE a.task ADD CONSTRAINT k UNIQUE USING INDEX k", "ACCESS EXCLUSIVE", undefined],
  ["CREATE INDEX i ON a.task (n)", "SHARE", "reads"],
  ["CREATE INDEX i ON ONLY a.log (n)", "SHARE", undefined],
  ["CREATE INDEX CONCURRENTLY i ON a.task (n)", "SHARE UPDATE EXCLUSIVE", "reads"],
  ["DROP INDEX a.i", "ACCESS EXCLUSIVE", undefined],
  ["DROP INDEX CONCURRENTLY a.i", "SHARE UPDATE EXCLUSIVE", undefined],
  ["CREATE TABLE a.log_1 PARTITION OF a.log FOR VALUES IN (1)", "ACCESS EXCLUSIVE", "reads"],
  ["CREATE TABLE a.child () INHERITS (a.task)", "SHARE UPDATE EXCLUSIVE", undefined],
  ["DROP TYPE a.pair", "ACCESS EXCLUSIVE", undefined],
  ["DROP TYPE a.mood", "NONE", undefined],
  ["SELECT setval('a.s', max(id)) FROM a.task", "ROW EXCLUSIVE", undefined],
  ["SELECT setval('a.s', max(n)) FROM a.task", "ROW EXCLUSIVE", "reads"],
  ["COMMENT ON COLUMN a.task.n IS 'x'", "SHARE UPDATE EXCLUSIVE", undefined],
] as const)("%s", async (sql, lock, does) => {
  const found = await cost([sql]);
  expect([found.lock, found.work?.does]).toEqual([lock, does]);
});

test("a change of type does what the server has said of it", async () => {
  const alter = ["ALTER TABLE a.task ALTER COLUMN n TYPE text USING n::text"];
  const as = (rebuilds: string[], tests: string[]) =>
    cost(alter, "shared", { ...AROUND, retyped: { rewrites: false, fits: true, rebuilds, tests } });
  expect((await as([], [])).work).toBeNull();
  expect((await as(["i"], [])).work).toMatchObject({ does: "reads", rows: 100 });
  expect((await as([], ["c"])).work).toMatchObject({ does: "reads", rows: 100 });
});

test("what is done to a table that the change itself has made counts for nothing", async () => {
  expect(await cost(["CREATE TABLE a.task (n int)", "UPDATE a.task SET n = 1"])).toMatchObject({
    work: null,
  });
});
