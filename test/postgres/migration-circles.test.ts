/** `-- was:` hints that go round in a circle, of columns that are alike: what tells whether it is done. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { downgrade } from "../../src/migration/commands.js";
import { applyMigration, planMigration } from "../../src/migration/migrate.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { createProject, type TestProject } from "./migration-support/project.js";

const OLD = "create table pair (id int primary key, a int, b int);";
const NEW = "create table pair (id int primary key, a int, -- was: b\n  b int -- was: a\n);";
const SWAP =
  "-- migrate:up\nalter table pair rename a to aside;\nalter table pair rename b to a;\nalter table pair rename aside to b;\n" +
  "-- migrate:down\nalter table pair rename a to aside;\nalter table pair rename b to a;\nalter table pair rename aside to b;\n";

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

const apply = () => applyMigration(session, project.config, silentLog);

/** Not the plan that the last apply left. */
async function unsafe(): Promise<readonly { object: string; reason: string }[]> {
  await session.query("update dazzle.applied set fingerprint = null");
  return (await planMigration(session, project.config)).unsafe;
}

const objects = async () => (await unsafe()).map(({ object }) => object).sort();

async function applyOld(): Promise<void> {
  project.write("schema.sql", OLD);
  await apply();
  await session.query("insert into pair values (1, 10, 20)");
}

test("a release that brings the hints and the revision exchanges the names once", async () => {
  await applyOld();
  project.write("schema.sql", NEW);
  project.write("migrations/1_swap.sql", SWAP);
  expect(await apply()).toMatchObject({ revisions: ["1_swap"], unsafe: [] });
  expect(await session.query("select a, b from pair")).toEqual([{ a: 20, b: 10 }]);
  expect(await objects()).toEqual([]);
  expect((await apply()).unsafe).toEqual([]);
});

test("what a revision has exchanged is outstanding again when it is undone", async () => {
  await applyOld();
  project.write("schema.sql", NEW);
  project.write("migrations/1_swap.sql", SWAP);
  await apply();
  await downgrade(session, "base", { config: project.config, log: silentLog });
  expect(await objects()).toEqual(["a", "b"]);
});

test("a table that is made from the files has nothing to exchange", async () => {
  project.write("schema.sql", NEW);
  expect((await apply()).unsafe).toEqual([]);
  await session.query("update dazzle.applied set desired = null");
  expect(await objects()).toEqual([]);
});

test("where nothing was ever applied, it is said that nothing tells", async () => {
  await session.query(OLD);
  project.write("schema.sql", NEW);
  const { unsafe: found } = await apply();
  expect(found).toMatchObject([{ operation: "rename_column", table: "pair", object: "b" }]);
  expect(found[0]?.reason).toContain("nothing tells");
  expect(found[0]?.suggestion).toContain("take these hints out");
  expect(await objects()).toEqual(["b"]);
  project.write("schema.sql", OLD);
  expect(await objects()).toEqual([]);
});

test("what an older version took for done stays so", async () => {
  project.write("schema.sql", NEW);
  await apply();
  await session.query("update dazzle.applied set owned = owned - 'circles'");
  expect(await objects()).toEqual([]);
});
