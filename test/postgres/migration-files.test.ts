/** What schema files may hold, and that whatever they hold changes nothing by being read. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { applyMigration, planMigration } from "../../src/migration/migrate.js";
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
    "drop schema if exists dazzle cascade; drop schema public cascade; create schema public; create table users (id int primary key); insert into users values (1); create type mood as enum ('a')",
  );
  project = createProject();
});

afterEach(() => project.remove());

const plan = () => planMigration(session, project.config);
const fingerprint = async () =>
  session.query(
    "select oid, xmin::text, relname from pg_class where relnamespace = 'public'::regnamespace order by oid",
  );

test.each([
  ["COMMIT", "create table t (id int);\ncommit;", "schema.sql:2"],
  ["a block of code", "do $$ begin delete from users; end $$;", "schema.sql:1"],
  ["SET", "\n\nset search_path = public;", "schema.sql:3"],
  ["data", "insert into users values (2);", "schema.sql:1"],
  ["a drop", "drop table users;", "schema.sql:1"],
  [
    "a function",
    "-- é\ncreate function f() returns int language sql as 'select 1';",
    "schema.sql:2",
  ],
  [
    "a trigger",
    "create table t (id int);\ncreate trigger g before insert on t execute function f();",
    "schema.sql:2",
  ],
  ["a view", "create view v as select 1;", "schema.sql:1"],
  ["a materialized view", "create materialized view v as select 1;", "schema.sql:1"],
  ["a policy", "create table t (id int);\ncreate policy p on t;", "schema.sql:2"],
  ["a grant", "create table t (id int);\ngrant select on t to public;", "schema.sql:2"],
  ["an owner", "create table t (id int);\nalter table t owner to postgres;", "schema.sql:2"],
  ["a range type", "create type r as range (subtype = int);", "schema.sql:1"],
  ["a temporary table", "create temp table t (id int);", "schema.sql:1"],
  ["a table elsewhere", "create table other.t (id int);", "schema.sql:1"],
  ["a schema", "create schema other;", "schema.sql:1"],
  ["a renaming", "create table t (id int);\nalter table t rename id to x;", "schema.sql:2"],
  [
    "a drop within ALTER",
    "create table t (id int);\nalter table t drop column id;",
    "schema.sql:2",
  ],
  [
    "a call in a partition's bound",
    "create table t (id bigint) partition by range (id);\ncreate table t1 partition of t for values from (nextval('x')) to (5);",
    "schema.sql:2",
  ],
  ["TRUNCATE", "truncate users;", "schema.sql:1"],
  [
    "a comment on a partition's part of an index",
    "create table p (id int) partition by range (id);\ncreate table p1 partition of p for values from (1) to (2);\ncreate index on p (id);\n\ncomment on index p1_id_idx is 'x';",
    "schema.sql:5",
  ],
  [
    "a comment on a partition's part of a key",
    "create table p (id int primary key) partition by range (id);\ncreate table p1 partition of p for values from (1) to (2);\ncomment on constraint p1_pkey on p1 is 'x';",
    "schema.sql:3",
  ],
  [
    "a comment on a parent's check",
    "create table a (id int, constraint c check (id > 0));\ncreate table b () inherits (a);\ncomment on constraint c on a is 'x';\ncomment on constraint c on b is 'y';",
    "schema.sql:4",
  ],
  [
    "a comment on a table's row type",
    "create table t (id int);\n-- of its rows\ncomment on type t is 'x';",
    "schema.sql:3",
  ],
  ["a type elsewhere", "-- first\ncreate type app.e as enum ('a');", "schema.sql:2"],
  ["a domain elsewhere", "-- first\ncreate domain app.d as int;", "schema.sql:2"],
  [
    "a value of a type elsewhere",
    "create type e as enum ('a');\nalter type app.e add value 'b';",
    "schema.sql:2",
  ],
  [
    "a comment on a table elsewhere, of the same name",
    "create table t (id int);\ncomment on table app.t is 'x';",
    "schema.sql:2",
  ],
  [
    "a comment on a column elsewhere",
    "create table t (id int);\ncomment on column app.t.id is 'x';",
    "schema.sql:2",
  ],
  [
    "a sequence of a column elsewhere",
    "create table t (id int);\ncreate sequence s owned by app.t.id;",
    "schema.sql:2",
  ],
])("%s is refused with its place", async (_name, sql, place) => {
  const before = await fingerprint();
  project.write("schema.sql", sql);
  await expect(plan()).rejects.toMatchObject({ code: "SCHEMA_UNSUPPORTED", exitStatus: 65 });
  await expect(plan()).rejects.toThrow(place);
  expect(await fingerprint()).toEqual(before);
});

test("on servers that keep NOT NULL as a constraint, what is said of it is refused with its place", async () => {
  const [row] = await session.query<{ keeps: boolean }>(
    "select current_setting('server_version_num')::int >= 180000 as keeps",
  );
  for (const sql of [
    "create table t (\n  id int,\n  a int constraint a_is_there not null\n);",
    "create table t (id int, a int not null);\n\ncomment on constraint t_a_not_null on t is 'x';",
    "create table t (id int, a int);\n\nalter table t add constraint t_a_not_null not null a not valid;",
    "create table t (id int, a int);\n\nalter table t add constraint t_a_not_null not null a no inherit;",
  ]) {
    project.write("schema.sql", sql);
    // Before, the name has no effect, and the other statements do not exist.
    if (row?.keeps === true) {
      await expect(plan(), sql).rejects.toMatchObject({ code: "SCHEMA_UNSUPPORTED" });
    } else if (!sql.includes("is_there")) await expect(plan(), sql).rejects.toThrow("schema.sql:");
  }
});

test("what is said of NOT NULL and of parts behind the tool's back is no difference", async () => {
  const tables =
    "create table t (id int primary key, a int not null); create table p (id int primary key) partition by range (id); create table p1 partition of p for values from (1) to (2); create index p_idx on p (id);";
  project.write("schema.sql", tables);
  await applyMigration(session, project.config, silentLog);
  await session.query(
    "comment on index p1_id_idx is 'x'; comment on constraint p1_pkey on p1 is 'x'; comment on type t is 'x'",
  );
  const [row] = await session.query<{ keeps: boolean }>(
    "select current_setting('server_version_num')::int >= 180000 as keeps",
  );
  if (row?.keeps === true) {
    await session.query(
      "alter table t rename constraint t_a_not_null to other; comment on constraint other on t is 'x'",
    );
  }
  expect((await plan()).up_to_date).toBe(true);
});

test.each([
  ["no SQL", "create tabel t (id int);", "schema.sql:1"],
  ["a psql command", "\\c other\ncreate table t (id int);", "schema.sql:1"],
  ["an unknown type", "create table t (\n  id int,\n  a nosuchtype\n);", "schema.sql:3"],
  [
    "an unknown column in an index",
    "create table t (id int);\ncreate index on t (nope);",
    "schema.sql:2",
  ],
  ["the same table twice", "create table t (id int);\ncreate table t (id int);", "schema.sql:2"],
  [
    "a foreign key to a live table",
    "create table t (id int,\n  u int references users);",
    "schema.sql:2",
  ],
  ["an index on a live table", "create index on users (id);", "schema.sql:1"],
  ["a change of a live table", "alter table users add column x int;", "schema.sql:1"],
  ["a copy of a live table", "create table t (like users);", "schema.sql:1"],
  ["a child of a live table", "create table t () inherits (users);", "schema.sql:1"],
  [
    "a live table by its qualified name",
    "create table t (id int references public.users);",
    "schema.sql:1",
  ],
  [
    "a partition for a live table",
    "create table t (id int);\nalter table parts attach partition t for values in (1);",
    "schema.sql:2",
  ],
  ["a live enum", "create table t (m mood);", "mood"],
  [
    "a live sequence",
    "create table tasks (\n  id int default nextval('public.s')\n);",
    "schema.sql:2",
  ],
])("%s is an error that names its place and touches nothing live", async (_name, sql, place) => {
  await session.query("create sequence s; create table parts (id int) partition by list (id)");
  const before = await fingerprint();
  project.write("schema.sql", sql);
  await expect(plan()).rejects.toMatchObject({ code: "SCHEMA_INVALID", exitStatus: 65 });
  await expect(plan()).rejects.toThrow(place);
  expect(await fingerprint()).toEqual(before);
});

test("planning leaves no schema behind and holds no lock that writers wait for", async () => {
  project.write(
    "schema.sql",
    "create table users (id int primary key); create table t (u int references users);",
  );
  const other = await connect(database.url);
  await other.query("begin; update users set id = id");
  await plan();
  await other.query("rollback");
  await other.end();
  expect(
    await session.query("select from pg_namespace where nspname like 'dazzle_scratch%'"),
  ).toEqual([]);
});

test("functions that a revision made may stand in defaults and checks", async () => {
  await session.query("create function next_id() returns int language sql as 'select 7'");
  project.write(
    "schema.sql",
    "create table t (id int default next_id(), b int check (b <> public.next_id()));",
  );
  await applyMigration(session, project.config, silentLog);
  await session.query("update dazzle.applied set fingerprint = null, desired = null");
  expect((await plan()).up_to_date).toBe(true);
});

test("views, functions and triggers that a revision made are left alone", async () => {
  project.write("schema.sql", "create table t (id int primary key);");
  await applyMigration(session, project.config, silentLog);
  await session.query(
    `create view v as select * from t; create function f() returns trigger language plpgsql as $$ begin return new; end $$;
     create trigger g before insert on t for each row execute function f(); create materialized view m as select 1 as x`,
  );
  expect((await plan()).up_to_date).toBe(true);
});

test("a thousand tables are created in scratch a batch at a time", async () => {
  const tables = Array.from(
    { length: 400 },
    (_, at) =>
      `create table t${at} (id int primary key, a int ${at > 0 ? `references t${at - 1}` : ""}, b text unique);`,
  );
  project.write("schema.sql", tables.join("\n"));
  let most = 0;
  const watching: Session = {
    ...session,
    query: async <Row extends pg.QueryResultRow>(sql: string, params?: readonly unknown[]) => {
      const rows = await session.query<Row>(sql, params);
      if (sql.startsWith("ALTER TABLE dazzle_scratch")) {
        const [row] = await session.query<{ n: number }>(
          "select count(*)::int as n from pg_locks where pid = pg_backend_pid()",
        );
        most = Math.max(most, row?.n ?? 0);
      }
      return rows;
    },
  };
  const { safe } = await planMigration(watching, project.config);
  expect(safe).toHaveLength(799);
  const [limit] = await session.query<{ n: number }>(
    "select current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int / 4 as n",
  );
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(limit?.n ?? 0);
});
