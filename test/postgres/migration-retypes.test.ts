/** What the plan says of each change of a column's type, against the files that the server exchanges. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { applyMigration } from "../../src/migration/migrate.js";
import type { Weighed } from "../../src/migration/costs.js";
import { readState } from "../../src/migration/record.js";
import { readSchemaFiles } from "../../src/migration/schema-files.js";
import { workOut } from "../../src/migration/working-plan.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { createProject, type TestProject } from "./migration-support/project.js";

type Outcome = "keeps" | "rewrites";

/** From, to, what becomes of the table's file, and whether an index on the column is built anew. */
const PAIRS: readonly (readonly [string, string, Outcome, "index"?])[] = [
  ["varchar(10)", "varchar(20)", "keeps"],
  ["varchar(20)", "varchar(10)", "rewrites"],
  ["varchar(10)", "text", "keeps"],
  ["varchar(10)", "varchar", "keeps"],
  ["text", "varchar", "keeps"],
  ["text", "varchar(10)", "rewrites"],
  ["char(5)", "char(9)", "rewrites"],
  ["char(5)", "text", "rewrites"],
  ["numeric(8,2)", "numeric(10,2)", "keeps"],
  ["numeric(8,2)", "numeric", "keeps"],
  ["numeric(8,2)", "numeric(10,3)", "rewrites"],
  ["numeric(10,2)", "numeric(8,2)", "rewrites"],
  ["numeric", "numeric(10,2)", "rewrites"],
  ["timestamp(3)", "timestamp(6)", "keeps"],
  ["timestamp(6)", "timestamp(3)", "rewrites"],
  ["timestamp(3)", "timestamp", "keeps"],
  ["timestamptz(3)", "timestamptz", "keeps"],
  ["timestamp(3)", "timestamptz(3)", "rewrites"],
  ["time(3)", "time(6)", "keeps"],
  ["time", "timetz", "rewrites"],
  ["interval(3)", "interval(6)", "keeps"],
  ["interval day to hour", "interval day to second", "keeps"],
  ["varbit(5)", "varbit(9)", "keeps"],
  ["varbit(5)", "varbit", "keeps"],
  ["bit(5)", "bit(9)", "rewrites"],
  ["bit(5)", "varbit", "keeps", "index"],
  ["cidr", "inet", "keeps"],
  ["inet", "cidr", "rewrites"],
  ["smallint", "int", "rewrites"],
  ["int", "bigint", "rewrites"],
  ["bigint", "int", "rewrites"],
  ["int", "numeric", "rewrites"],
  ["int", "text", "rewrites"],
  ["int", "oid", "keeps", "index"],
  ["text", "citext", "keeps", "index"],
  ["citext", "varchar(9)", "rewrites"],
  ["date", "timestamp", "rewrites"],
  ["real", "double precision", "rewrites"],
  ["boolean", "int", "rewrites"],
  ["uuid", "text", "rewrites"],
  ["text", "uuid", "rewrites"],
  ["text", "bytea", "rewrites"],
  ["varchar(10)[]", "varchar(20)[]", "rewrites"],
  ["varchar(10)[]", "text[]", "rewrites"],
  ["int[]", "bigint[]", "rewrites"],
  ["int", "int[]", "rewrites"],
  ["text", 'text collate "C"', "keeps", "index"],
  ["varchar(10)", 'varchar(20) collate "C"', "keeps", "index"],
  ["varchar(10)", "label", "keeps"],
  ["varchar(30)", "label", "rewrites"],
  ["label", "text", "keeps"],
  ["label", "varchar(20)", "rewrites"],
  ["int", "amount", "keeps"],
  ["amount", "int", "keeps"],
  ["amount", "bigint", "rewrites"],
  ["int", "positive", "rewrites"],
  ["positive", "int", "keeps"],
  ["amount", "positive", "rewrites"],
  ["int", "fresh", "keeps"],
  ["int", "strict", "rewrites"],
  ["int[]", "amount[]", "rewrites"],
  ["text", "phase", "rewrites"],
  ["phase", "text", "rewrites"],
  ["phase", "step", "rewrites"],
  ["text", "late", "rewrites"],
];

const TYPES = `create extension if not exists citext; create domain label as varchar(20); create domain amount as int;
  create domain positive as int check (value > 0); create type phase as enum ('a', 'b');
  create type step as enum ('a', 'b');`;
/** Those that come with the change itself. */
const NEW_TYPES = `${TYPES} create domain fresh as int; create domain strict as int not null;
  create type late as enum ('a');`;

let database: TestDatabase;
let session: Session;
let project: TestProject;

beforeAll(async () => {
  database = await createDatabase();
  session = await connect(database.url);
});

afterAll(async () => {
  await session.end();
  await database.drop();
});

beforeEach(async () => {
  await session.query(
    "drop schema if exists dazzle cascade; drop schema public cascade; create schema public",
  );
  project = createProject();
});

afterEach(() => project.remove());

async function changes(
  before: string,
  after: string,
  using: Session = session,
): Promise<readonly Weighed[]> {
  const { config } = project;
  project.write("schema.sql", before);
  await applyMigration(using, config, silentLog);
  project.write("schema.sql", after);
  await applyMigration(using, config, silentLog);
  const { last } = await readState(using, "public");
  const files = readSchemaFiles(config) ?? [];
  return (await workOut(using, { config, files, last, log: silentLog })).unsafe;
}

const fileOf = async (relation: string, using: Session = session): Promise<unknown> =>
  (await using.query("select pg_relation_filenode($1::regclass)::text as file", [relation]))[0];

async function run({ up }: Weighed, using: Session = session): Promise<void> {
  for (const sql of up) await using.query(sql);
}

const column = (at: number) => `c${at.toString().padStart(2, "0")}`;

describe("a plan says whether a change of type writes every row anew, and the server agrees", () => {
  test("on a bare column", async () => {
    const table = (side: 0 | 1) =>
      `create table t (${PAIRS.map((pair, at) => `${column(at)} ${pair[side]}`).join(", ")});`;
    const found = await changes(TYPES + table(0), NEW_TYPES + table(1));
    const results: Record<string, unknown> = {};
    const wanted: Record<string, unknown> = {};
    for (const [at, [from, to, outcome]] of PAIRS.entries()) {
      const change = found.find(({ object }) => object === column(at));
      if (change === undefined) throw new Error(`no change of ${column(at)}`);
      const file = await fileOf("t");
      await run(change);
      const now = await fileOf("t");
      const isSame = JSON.stringify(file) === JSON.stringify(now);
      const { rewrites, work, lock } = change.cost;
      results[`${from} to ${to}`] = { rewrites, does: work?.does, lock, server: isSame };
      wanted[`${from} to ${to}`] = {
        rewrites: outcome === "rewrites",
        does: outcome === "rewrites" ? "rewrites" : undefined,
        lock: "ACCESS EXCLUSIVE",
        server: outcome === "keeps",
      };
      if (outcome === "keeps") expect(change.reason).toContain("no row is written");
      else expect(change.reason).toContain("every row is written anew");
    }
    expect(results).toEqual(wanted);
  });

  test("with an index on the column, which is named where it is built anew", async () => {
    const pairs = PAIRS.filter(([, , outcome]) => outcome === "keeps");
    const table = (side: 0 | 1) =>
      `create table t (${pairs.map((pair, at) => `${column(at)} ${pair[side]}`).join(", ")});` +
      pairs.map((_, at) => `create index i_${column(at)} on t (${column(at)});`).join("");
    const found = await changes(TYPES + table(0), NEW_TYPES + table(1));
    const results: Record<string, unknown> = {};
    const wanted: Record<string, unknown> = {};
    for (const [at, [from, to, , rebuilds]] of pairs.entries()) {
      const change = found.find(({ object }) => object === column(at));
      if (change === undefined) throw new Error(`no change of ${column(at)}`);
      const index = `i_${column(at)}`;
      const file = await fileOf(index);
      await run(change);
      const now = await fileOf(index);
      results[`${from} to ${to}`] = {
        says: change.reason.includes(`${index} is built anew`),
        reads: change.cost.work?.does === "reads",
        server: JSON.stringify(file) !== JSON.stringify(now),
      };
      const is = rebuilds === "index";
      wanted[`${from} to ${to}`] = { says: is, reads: is, server: is };
    }
    expect(results).toEqual(wanted);
  });

  test.each([
    ["UTC", "keeps"],
    ["Europe/Berlin", "rewrites"],
  ] as const)("in the time zone %s of the database", async (zone, outcome) => {
    await session.query(`alter database ${database.name} set timezone = '${zone}'`);
    const own = await connect(database.url);
    try {
      const [change] = await changes(
        "create table t (c timestamp);",
        "create table t (c timestamptz);",
        own,
      );
      if (change === undefined) throw new Error("no change");
      const file = await fileOf("t", own);
      await run(change, own);
      const isSame = JSON.stringify(file) === JSON.stringify(await fileOf("t", own));
      expect({ rewrites: change.cost.rewrites, isSame }).toEqual({
        rewrites: outcome === "rewrites",
        isSame: outcome === "keeps",
      });
    } finally {
      await own.end();
      await session.query(`alter database ${database.name} reset timezone`);
    }
  });
});

test("a check on the column is tested on every row once more, and the plan says so", async () => {
  const table = (type: string) =>
    `create table t (c ${type}, constraint short check (length(c) < 9));`;
  const [change] = await changes(table("varchar(10)"), table("varchar(20)"));
  expect(change?.reason).toBe(
    "character varying(10) to character varying(20): no row is written, but every row is held to short once more under a lock that stops every query",
  );
  expect(change?.cost).toMatchObject({
    lock: "ACCESS EXCLUSIVE",
    rewrites: false,
    work: { does: "reads", lock: "ACCESS EXCLUSIVE" },
  });
});

test.each([
  [
    "int",
    "bigint",
    "integer to bigint: every row is written anew under a lock that stops every query",
  ],
  [
    "bigint",
    "int",
    "bigint to integer: every row is written anew under a lock that stops every query, and values may not fit",
  ],
  [
    "int[]",
    "bigint[]",
    "integer[] to bigint[]: every row is written anew under a lock that stops every query",
  ],
  [
    "phase[]",
    "text[]",
    "public.phase[] to text[]: every row is written anew under a lock that stops every query",
  ],
  [
    "phase[]",
    "step[]",
    "public.phase[] to public.step[]: every row is written anew under a lock that stops every query",
  ],
  [
    "text",
    "phase",
    "text to public.phase: every row is written anew under a lock that stops every query, and values may not fit",
  ],
])("%s to %s: whether values may not fit is told too", async (from, to, reason) => {
  const table = (type: string) => `${TYPES} create table t (c ${type});`;
  const [change] = await changes(table(from), table(to));
  expect(change?.reason).toBe(reason);
});

test("trying a change out leaves nothing behind, and names no live table", async () => {
  const [change] = await changes("create table t (c int);", "create table t (c bigint);");
  expect(change?.cost.rewrites).toBe(true);
  expect(
    await session.query("select relname from pg_class where relname like 'dazzle_retype%'"),
  ).toEqual([]);
});
