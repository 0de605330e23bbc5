/** Targets, printed SQL, and files as people and other tools write them. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  autogenerate,
  downgrade,
  offline,
  readHistory,
  stamp,
  upgrade,
} from "../../src/migration/commands.js";
import { applyMigration } from "../../src/migration/migrate.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { recordingLog, silentLog } from "../support/log.js";
import { createProject, type TestProject } from "./migration-support/project.js";

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
    "drop schema if exists dazzle cascade; drop schema if exists app cascade; drop schema public cascade; create schema public; create schema app; create table app.t (id int)",
  );
  project = createProject({ schema: [], namespace: "app" });
});

afterEach(() => project.remove());

const options = () => ({ config: project.config, log: silentLog });
const columns = async () =>
  (
    await session.query<{ name: string }>(
      "select attname as name from pg_attribute where attrelid = 'app.t'::regclass and attnum > 0 and not attisdropped order by 1",
    )
  ).map(({ name }) => name);
const applied = async () =>
  (await readHistory(session, options()))
    .filter(({ state }) => state === "applied")
    .map(({ version }) => version);

function writeThree(): void {
  for (const [at, name] of ["a", "b", "c"].entries()) {
    project.write(
      `migrations/2026010${at + 1}000000_${name}.sql`,
      `-- migrate:up\nalter table t add ${name} int;\n-- migrate:down\nalter table t drop ${name};\n`,
    );
  }
}

test("a target is a version, the beginning of one, a name, or steps from here", async () => {
  writeThree();
  await upgrade(session, "20260101", options());
  expect(await applied()).toEqual(["20260101000000"]);
  await upgrade(session, "+1", options());
  expect(await columns()).toEqual(["a", "b", "id"]);
  await upgrade(session, "c", options());
  await downgrade(session, "20260101000000", options());
  expect(await applied()).toEqual(["20260101000000"]);
  await upgrade(session, "20260103000000_c", options());
  await downgrade(session, "-3", options());
  expect(await applied()).toEqual([]);
  expect(await upgrade(session, "base", options())).toEqual([]);
  expect(await upgrade(session, "+0", options())).toEqual([]);
});

test.each([
  ["one that nothing has", "up", "2027", "INPUT_NOT_FOUND", /there is no revision 2027/],
  ["one that several begin with", "up", "202601", "INPUT_NOT_FOUND", /could be .* or /],
  ["more steps than there are", "up", "+4", "INPUT_NOT_FOUND", /too far: 3 revisions pending/],
  ["more steps back than were taken", "down", "-1", "INPUT_NOT_FOUND", /0 revisions applied/],
  ["an upgrade backwards", "up", "-1", "USAGE", /goes the other way/],
  ["a downgrade forwards", "down", "+1", "USAGE", /goes the other way/],
] as const)("the target %s is refused before anything runs", async (_, way, target, code, text) => {
  writeThree();
  const run = way === "up" ? upgrade : downgrade;
  await expect(run(session, target, options())).rejects.toMatchObject({ code });
  await expect(run(session, target, options())).rejects.toThrow(text);
  expect(await columns()).toEqual(["id"]);
});

test("what --sql prints does by itself what the run would do, in the namespace, both ways", async () => {
  writeThree();
  project.write(
    "migrations/20260104000000_d.sql",
    "-- migrate:up\nalter table t add d int -- last; word\n-- migrate:down\nalter table t drop d\n/* no; */",
  );
  project.write(
    "migrations/20260105000000_e.sql",
    "-- migrate:up transaction:false\ncreate index concurrently t_d on t (d)\n",
  );
  const up = await offline(session, "up", "head", options());
  expect(await columns()).toEqual(["id"]);
  // As psql sends it: a statement at a time.
  for (const sql of up.split(/;\n/)) await session.query(sql);
  expect(await columns()).toEqual(["a", "b", "c", "d", "id"]);
  expect(await applied()).toHaveLength(5);
  expect(await upgrade(session, "head", options())).toEqual([]);
  await stamp(session, "20260104", options());
  const down = await offline(session, "down", "-2", options());
  expect(down).not.toContain("create table");
  await session.query(down);
  expect(await columns()).toEqual(["a", "b", "id"]);
  expect(await applied()).toEqual(["20260101000000", "20260102000000"]);
});

test("dbmate's files run: words in front, spaces, CRLF, a byte order mark, bodies with semicolons", async () => {
  project.write(
    "migrations/20260101000000_f.sql",
    "\uFEFF-- made by dbmate\r\n\r\n--  migrate:up  transaction:true\r\ncreate function f() returns text language plpgsql as $body$\r\nbegin\r\n  return ';' || $$a;b$$; -- x; y\r\nend $body$;\r\n/* a; /* nested; */ */\r\nalter table t add \"x;y\" text default 'it''s; so';\r\n\r\n--migrate:down\r\nalter table t drop \"x;y\";\r\ndrop function f();\r\n",
  );
  await upgrade(session, "head", options());
  expect(await session.query("select app.f()")).toEqual([{ f: ";a;b" }]);
  expect(await columns()).toEqual(["id", "x;y"]);
  await downgrade(session, "-1", options());
  expect(await columns()).toEqual(["id"]);
});

test.each([
  ["a psql command", "-- migrate:up\nselect 1;\n\\copy t from x\n", /psql command.*x\.sql:3/],
  ["no mark", "select 1;\n", /migrations\/1_x\.sql:1/],
  ["text before the mark", "select 1;\n-- migrate:up\n", /in front.*x\.sql:1/],
  ["two ways up", "-- migrate:up\n-- migrate:up\n", /second time.*x\.sql:2|x\.sql:2.*second time/],
  ["an unknown option", "-- migrate:up transactional:no\n", /unknown option.*x\.sql:1/],
  ["a statement that is none", "-- migrate:up\nselect 1;\n\nselct 2;\n", /x\.sql:4/],
  ["an open comment", "-- migrate:up\nselect 1;\n/* x\nselect 2;\n", /never ends.*x\.sql:3/],
  ["a zero byte", "-- migrate:up\nselect 1;\n\0select 2;\n", /zero byte.*x\.sql:3/],
  ["COMMIT", "-- migrate:up\nselect 1;\ncommit;\n", /COMMIT.*x\.sql:3/],
] as const)("a revision with %s is refused with its place", async (_, text, place) => {
  project.write("migrations/1_x.sql", text);
  await expect(upgrade(session, "head", options())).rejects.toMatchObject({
    code: "REVISION_INVALID",
    exitStatus: 65,
  });
  await expect(upgrade(session, "head", options())).rejects.toThrow(place);
});

test("two files of one version are refused, naming both", async () => {
  project.write("migrations/1_x.sql", "-- migrate:up\nselect 1;\n");
  project.write("migrations/1_y.sql", "-- migrate:up\nselect 1;\n");
  await expect(upgrade(session, "head", options())).rejects.toThrow(/1_x\.sql.*1_y\.sql/);
});

test("an empty way down is refused and says how else to go", async () => {
  project.write("migrations/1_x.sql", "-- migrate:up\nselect 1;\n-- migrate:down\n-- nothing\n");
  await upgrade(session, "head", options());
  await expect(downgrade(session, "-1", options())).rejects.toThrow(
    /no down section with a statement in it.*db stamp/,
  );
  await stamp(session, "base", options());
  expect(await applied()).toEqual([]);
});

test("savepoints may be used, and what fails at the end of the transaction is told as that", async () => {
  project.write(
    "migrations/1_s.sql",
    "-- migrate:up\nsavepoint s;\nalter table t add a int;\nrollback to s;\nalter table t add b int;\nrelease s;\n",
  );
  await upgrade(session, "head", options());
  expect(await columns()).toEqual(["b", "id"]);
  project.write(
    "migrations/2_d.sql",
    "-- migrate:up\nalter table t add primary key (id);\ncreate table c (t int references t deferrable initially deferred);\ninsert into c values (1);\n",
  );
  await expect(upgrade(session, "head", options())).rejects.toThrow(
    /2_d, at the end of its transaction: .*violates foreign key.*2_d\.sql:4/,
  );
  expect(await session.query("select to_regclass('app.c') as c")).toEqual([{ c: null }]);
});

test("a revision that goes on as another role is recorded all the same", async () => {
  await session.query("drop role if exists revision_writer; create role revision_writer");
  await session.query("grant all on schema app to revision_writer");
  project.write(
    "migrations/1_r.sql",
    "-- migrate:up\nset role revision_writer;\ncreate table r (id int);\n",
  );
  expect(await upgrade(session, "head", options())).toEqual(["1_r"]);
  expect(await session.query("select current_user = session_user as own")).toEqual([{ own: true }]);
  await session.query("drop owned by revision_writer; drop role revision_writer");
});

test("--autogenerate waits for the revisions that are pending, whose changes it would repeat", async () => {
  const config = {
    ...project.config,
    database: { ...project.config.database, schema: ["schema.sql"] },
  };
  const generate = (message: string) =>
    autogenerate(session, config, message, new Date(), silentLog);
  await session.query("drop table app.t");
  project.write("schema.sql", "create table t (id int, a int);");
  await applyMigration(session, config, silentLog);
  project.write("schema.sql", "create table t (id int);");
  expect(await generate("drop")).toHaveLength(1);
  await expect(generate("again")).rejects.toMatchObject({ code: "REVISIONS_PENDING" });
  await upgrade(session, "head", { config, log: silentLog });
  expect(await generate("again")).toEqual([]);
});

test("a revision that gives way to another session names it", async () => {
  project.write("migrations/1_a.sql", "-- migrate:up\nselect 1;\nalter table t add a int;\n");
  const other = await connect(database.url, "reports");
  await other.query("begin; select * from app.t");
  const log = recordingLog();
  const done = upgrade(session, "head", { config: project.config, log });
  const { msg } = await log.waitFor("migrate.retry");
  expect(msg).toContain(`pid ${other.backendPid} (reports, idle in transaction`);
  await other.query("commit");
  expect(await done).toEqual(["1_a"]);
  await other.end();
});
