import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  autogenerate,
  createRevision,
  downgrade,
  readHistory,
  stamp,
  upgrade,
  verify,
} from "../../src/migration/commands.js";
import { applyMigration, planMigration } from "../../src/migration/migrate.js";
import { migrationStatus } from "../../src/migration/status.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
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
    "drop schema if exists dazzle cascade; drop schema public cascade; create schema public; create table t (id int)",
  );
  project = createProject({ schema: [] });
});

afterEach(() => project.remove());

const options = () => ({ config: project.config, log: silentLog });
const states = async () =>
  (await readHistory(session, options())).map(({ version, state }) => `${version} ${state}`);
const columns = async () =>
  (
    await session.query<{ name: string }>(
      "select attname as name from pg_attribute where attrelid = 't'::regclass and attnum > 0 and not attisdropped order by 1",
    )
  ).map(({ name }) => name);

const ONE = "-- migrate:up\nalter table t add a int;\n-- migrate:down\nalter table t drop a;\n";
const TWO = "-- migrate:up\nalter table t add b int;\n-- migrate:down\nalter table t drop b;\n";

function writeBoth(): void {
  project.write("migrations/20260101000000_one.sql", ONE);
  project.write("migrations/20260102000000_two.sql", TWO);
}

test("upgrade runs what is pending in order, downgrade undoes one step", async () => {
  writeBoth();
  expect(await upgrade(session, "head", options())).toEqual([
    "20260101000000_one",
    "20260102000000_two",
  ]);
  expect(await columns()).toEqual(["a", "b", "id"]);
  expect(await migrationStatus(session, project.config)).toMatchObject({
    current: "20260102000000",
    pending: [],
  });
  expect(await downgrade(session, "-1", options())).toEqual(["20260102000000_two"]);
  expect(await columns()).toEqual(["a", "id"]);
  expect(await upgrade(session, "+1", options())).toEqual(["20260102000000_two"]);
  expect(await downgrade(session, "base", options())).toEqual([
    "20260102000000_two",
    "20260101000000_one",
  ]);
  expect(await upgrade(session, "20260101", options())).toEqual(["20260101000000_one"]);
});

test("an edited, a missing and an out-of-order file are errors that say so", async () => {
  writeBoth();
  await upgrade(session, "head", options());
  project.write("migrations/20260101000000_one.sql", `${ONE}-- edited\n`);
  await expect(upgrade(session, "head", options())).rejects.toThrow(
    /was edited after it was applied/,
  );
  await expect(applyMigration(session, project.config, silentLog)).rejects.toMatchObject({
    exitStatus: 65,
  });
  await stamp(session, "head", options());
  expect(await states()).toEqual(["20260101000000 applied", "20260102000000 applied"]);

  const file = join(project.config.root, "migrations/20260101000000_one.sql");
  rmSync(file);
  await expect(upgrade(session, "head", options())).rejects.toThrow(/its file is missing/);
  project.write("migrations/20260101000000_one.sql", `${ONE}-- edited\n`);

  project.write("migrations/20260101120000_late.sql", "-- migrate:up\nselect 1;\n");
  await expect(upgrade(session, "head", options())).rejects.toThrow(/is out of order/);
  renameSync(
    join(project.config.root, "migrations/20260101120000_late.sql"),
    join(project.config.root, "migrations/20260103120000_late.sql"),
  );
  expect(await upgrade(session, "head", options())).toEqual(["20260103120000_late"]);
  await expect(downgrade(session, "-1", options())).rejects.toThrow(/has no down section/);
});

test("the stamp that an error suggests leaves what ran as applied and what did not as pending", async () => {
  writeBoth();
  await upgrade(session, "head", options());
  project.write("migrations/20260109000000_later.sql", "-- migrate:up\nselect 1;\n");
  const asApplied = ["20260101000000 applied", "20260102000000 applied", "20260109000000 pending"];
  const follow = async (): Promise<void> => {
    const error: unknown = await upgrade(session, "head", options()).catch(
      (thrown: unknown) => thrown,
    );
    const [, target = ""] = /supervise db stamp (\S+)$/.exec(String(error)) ?? [];
    await stamp(session, target, options());
  };
  project.write("migrations/20260101000000_one.sql", `${ONE}-- edited\n`);
  await follow();
  expect(await states()).toEqual(asApplied);

  project.write("migrations/20260101120000_late.sql", "-- migrate:up\nselect 1;\n");
  await follow();
  expect(await states()).toContain("20260101120000 applied");
  rmSync(join(project.config.root, "migrations/20260101120000_late.sql"));
  await follow();
  expect(await states()).toEqual(asApplied);
});

test("a failure names file, line and statement, and nothing of the revision is kept", async () => {
  project.write(
    "migrations/1_bad.sql",
    "-- migrate:up\nalter table t add a int;\n\nalter table t\n  add b nosuchtype;\n",
  );
  await expect(upgrade(session, "head", options())).rejects.toMatchObject({
    code: "REVISION_FAILED",
    exitStatus: 65,
  });
  await expect(upgrade(session, "head", options())).rejects.toThrow(
    /statement 2 of 2.*migrations\/1_bad\.sql:5/,
  );
  expect(await columns()).toEqual(["id"]);
  expect(await states()).toEqual(["1 pending"]);
});

test("a syntax error is told before anything runs", async () => {
  project.write(
    "migrations/1_bad.sql",
    "-- migrate:up\nalter table t add a int;\nalter tabel t;\n",
  );
  await expect(upgrade(session, "head", options())).rejects.toThrow(/migrations\/1_bad\.sql:3/);
  expect(await columns()).toEqual(["id"]);
});

test("BEGIN and COMMIT in a transactional revision are refused", async () => {
  project.write(
    "migrations/1_bad.sql",
    "-- migrate:up\nbegin;\nalter table t add a int;\ncommit;\n",
  );
  await expect(upgrade(session, "head", options())).rejects.toThrow(/migrations\/1_bad\.sql:2/);
});

test("transaction:false runs statement by statement, and a failed build leaves no invalid index", async () => {
  await session.query("insert into t values (1), (1)");
  const file =
    "-- migrate:up transaction:false\ncreate index concurrently t_i on t (id);\ncreate unique index concurrently t_u on t (id);\n-- migrate:down transaction:false\ndrop index concurrently t_u;\ndrop index concurrently t_i;\n";
  project.write("migrations/1_c.sql", file);
  await expect(upgrade(session, "head", options())).rejects.toThrow(
    /what ran before it was kept, and is not run again/,
  );
  expect(await session.query("select from pg_index where not indisvalid")).toEqual([]);
  expect(await states()).toEqual(["1 pending"]);
  await session.query("truncate t");
  expect(await upgrade(session, "head", options())).toEqual(["1_c"]);
  expect(await downgrade(session, "-1", options())).toEqual(["1_c"]);
  expect(await session.query("select from dazzle.applied")).toEqual([]);
});

test("what ran of a revision without a transaction cannot be edited before it is finished", async () => {
  const rest = "alter table t add b nosuchtype;\n";
  project.write(
    "migrations/1_c.sql",
    `-- migrate:up transaction:false\nalter table t add a int;\n${rest}`,
  );
  await expect(upgrade(session, "head", options())).rejects.toThrow(/statement 2 of 2/);
  project.write(
    "migrations/1_c.sql",
    `-- migrate:up transaction:false\nalter table t add a text;\n${rest}`,
  );
  await expect(upgrade(session, "head", options())).rejects.toThrow(
    /statement 1 .*ran already.*migrations\/1_c\.sql:2/,
  );
  await stamp(session, "head", options());
  expect(await states()).toEqual(["1 applied"]);
  expect(await session.query("select from dazzle.applied")).toEqual([]);
});

test("BEGIN and COMMIT keep statements together in a revision without a transaction", async () => {
  const file = (last: string) =>
    `-- migrate:up transaction:false\nbegin;\nalter table t add a int;\n${last};\ncommit;\ncreate index concurrently t_i on t (a);\n`;
  project.write("migrations/1_c.sql", file("alter table t add b nosuchtype"));
  await expect(upgrade(session, "head", options())).rejects.toThrow(
    /statement 3 of 5.*migrations\/1_c\.sql:4/,
  );
  expect(await columns()).toEqual(["id"]);
  project.write("migrations/1_c.sql", file("alter table t add b int"));
  expect(await upgrade(session, "head", options())).toEqual(["1_c"]);
  expect(await columns()).toEqual(["a", "b", "id"]);

  project.write("migrations/2_open.sql", "-- migrate:up transaction:false\nbegin;\nselect 1;\n");
  await expect(upgrade(session, "head", options())).rejects.toThrow(
    /do not come in pairs.*migrations\/2_open\.sql:2/,
  );
});

test("a revision whose concurrent build was killed drops what is left and builds it again", async () => {
  await session.query("insert into t values (1), (1)");
  await expect(session.query("create unique index concurrently t_u on t (id)")).rejects.toThrow();
  await session.query("truncate t");
  project.write(
    "migrations/1_c.sql",
    "-- migrate:up transaction:false\ncreate unique index concurrently if not exists t_u on t (id);\n",
  );
  expect(await upgrade(session, "head", options())).toEqual(["1_c"]);
  expect(await session.query("select from pg_index where not indisvalid")).toEqual([]);
});

test("functions with semicolons and settings of the session stay within their revision", async () => {
  project.write(
    "migrations/1_f.sql",
    "-- migrate:up\nset statement_timeout = '1min';\ncreate function f() returns int language plpgsql as $$ begin perform 1; return 2; end $$;\nselect f();\n-- migrate:down\ndrop function f();\n",
  );
  await upgrade(session, "head", options());
  expect(await session.query("select current_setting('statement_timeout') as t, f()")).toEqual([
    { t: "0", f: 2 },
  ]);
  await downgrade(session, "-1", options());
});

test("a start applies pending revisions in development and refuses them elsewhere", async () => {
  writeBoth();
  const strict = {
    ...project.config,
    features: { ...project.config.features, pendingRevisions: "refuse" as const },
  };
  await expect(applyMigration(session, strict, silentLog)).rejects.toMatchObject({
    code: "REVISIONS_PENDING",
    exitStatus: 78,
  });
  expect(await columns()).toEqual(["id"]);
  const { revisions } = await applyMigration(session, project.config, silentLog);
  expect(revisions).toHaveLength(2);
  await applyMigration(session, strict, silentLog);
});

test("the name of a new revision sorts behind the newest", () => {
  project.write("migrations/20990101000000_later.sql", ONE);
  const { version, file } = createRevision(project.config, "Ünïcode & more!", new Date(0));
  expect(version).toBe("20990101000001");
  expect(file).toBe("migrations/20990101000001_u_ni_code_more.sql");
});

test("a database created from the schema files is stamped with autogenerated revisions and runs the others", async () => {
  const own = createProject();
  const run = { config: own.config, log: silentLog };
  own.write("schema.sql", "create table t (id int primary key, name text);");
  await session.query("drop table t");
  await applyMigration(session, own.config, silentLog);
  own.write("schema.sql", "create table t (id int primary key, title text -- was: name\n);");
  const written = await autogenerate(session, own.config, "rename", new Date(), silentLog);
  expect(written).toHaveLength(1);
  own.write(
    "migrations/20990101000000_view.sql",
    "-- migrate:up\ncreate view v as select title from t;\n",
  );
  await upgrade(session, "head", run);
  expect((await planMigration(session, own.config)).up_to_date).toBe(true);

  await session.query(
    "drop schema dazzle cascade; drop schema public cascade; create schema public",
  );
  await upgrade(session, "head", run);
  expect(await session.query("select title from v")).toEqual([]);
  expect(await verify(session, own.config, silentLog)).toMatchObject({ ok: true, revisions: [] });
  expect(readdirSync(join(own.config.root, "migrations"))).toHaveLength(2);
  expect(readFileSync(join(own.config.root, written[0]?.file ?? ""), "utf8")).toContain(
    "RENAME COLUMN name TO title",
  );
  own.remove();
});
