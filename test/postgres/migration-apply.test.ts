import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { applyMigration, planMigration } from "../../src/migration/migrate.js";
import type { Logger } from "../../src/log/logger.js";
import { acquireLock } from "../../src/postgres/lock.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { createProject, type TestProject } from "./migration-support/project.js";

let database: TestDatabase;
let session: Session;
let project: TestProject;

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(async () => {
  await database.drop();
});

beforeEach(async () => {
  session = await connect(database.url);
  await session.query(
    "drop schema if exists dazzle cascade; drop schema public cascade; create schema public",
  );
  project = createProject();
});

afterEach(async () => {
  await session.end();
  project.remove();
});

const apply = (on: Session = session, log: Logger = silentLog) =>
  applyMigration(on, project.config, log);

async function planAgain() {
  await session.query("update dazzle.applied set fingerprint = null");
  return planMigration(session, project.config);
}

/** A log that calls back with each event. */
function listen(hear: (event: string) => void): Logger {
  return { ...silentLog, event: (_level, event) => hear(event) };
}

test("twelve at once on an empty database: exactly one applies, the others find nothing to do", async () => {
  project.write("schema.sql", "create table t (id serial primary key); create index on t (id);");
  const sessions = await Promise.all(Array.from({ length: 12 }, () => connect(database.url)));
  const outcomes = await Promise.all(
    sessions.map(async (own) => {
      const lock = await acquireLock(own, {
        project: "test",
        namespace: "public",
        waitMs: 60_000,
        log: silentLog,
      });
      try {
        return await apply(own);
      } finally {
        await lock.release();
      }
    }),
  );
  await Promise.all(sessions.map((own) => own.end()));
  expect(outcomes.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  const [row] = await session.query("select count(*)::int as n from dazzle.applied");
  expect(row).toEqual({ n: 1 });
});

test("a table that others hold is waited for in short tries, not in the lock's queue", async () => {
  project.write("schema.sql", "create table t (id int primary key);");
  await apply();
  project.write("schema.sql", "create table t (id int primary key, a int);");
  const other = await connect(database.url);
  await other.query("begin; select * from t");
  let tries = 0;
  const log = listen((event) => {
    if (event !== "migrate.retry") return;
    tries += 1;
    if (tries === 3) void other.query("commit");
  });
  const { applied } = await apply(session, log);
  await other.end();
  expect(applied.map(({ operation }) => operation)).toEqual(["add_column"]);
  expect(tries).toBeGreaterThanOrEqual(3);
});

test("planning waits in short tries too when a table is held exclusively", async () => {
  project.write("schema.sql", "create table t (id int primary key);");
  await apply();
  project.write("schema.sql", "create table t (id int primary key, a text not null);");
  const other = await connect(database.url);
  await other.query("begin; lock table t in access exclusive mode");
  const log = listen((event) => {
    if (event === "migrate.retry") void other.query("rollback");
  });
  const { applied } = await apply(session, log);
  await other.end();
  expect(applied.map(({ operation }) => operation)).toEqual(["add_column"]);
});

test("an invalid index that an interrupted build left is replaced", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  await apply();
  await session.query("insert into t values (1, 1), (2, 1)");
  await expect(session.query("create unique index concurrently t_a on t (a)")).rejects.toThrow();
  await session.query("delete from t where id = 2");
  project.write(
    "schema.sql",
    "create table t (id int primary key, a int); create unique index t_a on t (a);",
  );
  await apply();
  const [row] = await session.query(
    "select indisvalid as valid from pg_index where indexrelid = 't_a'::regclass",
  );
  expect(row).toEqual({ valid: true });
  expect((await planAgain()).up_to_date).toBe(true);
});

test("duplicates fail a unique index, leave no invalid index, and a rerun finishes", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  await apply();
  await session.query("insert into t values (1, 1), (2, 1)");
  project.write("schema.sql", "create table t (id int primary key, a int constraint u unique);");
  await expect(apply()).rejects.toThrow(/CREATE UNIQUE INDEX CONCURRENTLY u/);
  expect(await session.query("select from pg_index where not indisvalid")).toEqual([]);
  await session.query("delete from t where id = 2");
  await apply();
  expect((await planAgain()).up_to_date).toBe(true);
});

test("rows that violate a check fail it, nothing of it stays, and a rerun finishes", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  await apply();
  await session.query("insert into t values (1, -1)");
  project.write("schema.sql", "create table t (id int primary key, a int check (a > 0));");
  await expect(apply()).rejects.toMatchObject({ code: "MIGRATION_FAILED" });
  expect(await session.query("select from pg_constraint where conname = 't_a_check'")).toEqual([]);
  await session.query("update t set a = 1");
  await apply();
  expect((await planAgain()).up_to_date).toBe(true);
});

test("a volatile default on a table that is not small is filled in batches", async () => {
  project.write("schema.sql", "create table t (id int primary key);");
  await apply();
  await session.query("insert into t select generate_series(1, 30000); analyze t");
  const [before] = await session.query(
    "select relfilenode from pg_class where oid = 't'::regclass",
  );
  project.write(
    "schema.sql",
    "create table t (id int primary key, k uuid not null default gen_random_uuid());",
  );
  const { applied } = await apply();
  expect(applied.some(({ rewrites }) => rewrites)).toBe(false);
  const [row] = await session.query("select count(distinct k)::int as n from t");
  expect(row).toEqual({ n: 30_000 });
  expect(await session.query("select relfilenode from pg_class where oid = 't'::regclass")).toEqual(
    [before],
  );
  expect((await planAgain()).up_to_date).toBe(true);
});

test("rows that the application updates while a column is filled are filled too", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  await apply();
  await session.query("insert into t select g, g from generate_series(1, 30000) g; analyze t");
  const own = await connect(database.url);
  const other = await connect(database.url, "test/application");
  let walks = 0;
  const crowded: Session = {
    ...own,
    query: async (sql, params) => {
      // Every row moves, unfilled, behind the end that a walk has found.
      if (sql.includes("pg_relation_size")) walks += 1;
      else if (walks === 1 && sql.includes("update public.t")) {
        walks = 1.5;
        await other.query("update t set a = a + 1");
      }
      return own.query(sql, params);
    },
  };
  for (const column of ["k uuid not null", "n uuid"]) {
    walks = 0;
    const [name = ""] = column.split(" ");
    project.write(
      "schema.sql",
      `create table t (id int primary key, a int, k uuid not null default gen_random_uuid()${name === "k" ? "" : `, ${column} default gen_random_uuid()`});`,
    );
    await apply(crowded);
    const [row] = await session.query(`select count(distinct ${name})::int as n from t`);
    expect(row).toEqual({ n: 30_000 });
    expect(walks).toBeGreaterThan(2);
  }
  expect((await planAgain()).up_to_date).toBe(true);
  await Promise.all([own.end(), other.end()]);
});

/** Everything the executor can do, on a table that is not small. */
const BEFORE = "create table p (id int primary key); create table t (id int primary key, a int);";
const AFTER = `create type k as enum ('x'); create table p (id int primary key);
  create table t (id int primary key, a int unique check (a > 0) references p, b k default 'x',
    c uuid not null default gen_random_uuid());
  create index t_b on t (b); create table u (id serial primary key, t int references t);
  create index on u (t); comment on table t is 'T';`;

test(
  "a run that ends at any statement is finished by the next one",
  { timeout: 300_000 },
  async () => {
    const fill =
      "insert into p select generate_series(1, 12000); insert into t select g, g from generate_series(1, 12000) g; analyze t";
    let statement = 0;
    for (let finished = false; !finished; statement += 1) {
      await session.query(
        "drop schema if exists dazzle cascade; drop schema public cascade; create schema public",
      );
      project.write("schema.sql", BEFORE);
      await apply();
      await session.query(fill);
      project.write("schema.sql", AFTER);
      finished = await interrupted(statement);
      await apply();
      const rest = await planAgain();
      expect([...rest.safe, ...rest.unsafe], `ended at statement ${statement}`).toEqual([]);
      const [row] = await session.query(
        "select count(*)::int as n, count(c)::int as filled from t",
      );
      expect(row).toEqual({ n: 12_000, filled: 12_000 });
    }
    expect(statement).toBeGreaterThan(15);
  },
);

/** Ends the connection in front of the nth changing statement; true when there was no such one. */
async function interrupted(nth: number): Promise<boolean> {
  const own = await connect(database.url);
  let at = -1;
  const dying: Session = {
    ...own,
    query: async (sql, params) => {
      if (/^(?:CREATE|ALTER|DROP|COMMENT|with filled|commit)/.test(sql)) {
        at += 1;
        if (at === nth) await session.query("select pg_terminate_backend($1)", [own.backendPid]);
      }
      return own.query(sql, params);
    },
  };
  const survived = await apply(dying).then(
    () => true,
    () => false,
  );
  await own.end();
  return survived;
}

test("settings of the role change neither what is read nor what is applied", async () => {
  project.write(
    "schema.sql",
    "create table t (id int primary key, at timestamptz default '2026-01-01 00:00+00', f float default 0.1, b bytea default '\\x00', i interval default '1 day 02:00');",
  );
  await apply();
  await session.query(
    "set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set intervalstyle = 'sql_standard'; set extra_float_digits = -5; set quote_all_identifiers = on; set bytea_output = 'escape'; set search_path = 'pg_catalog'; set default_transaction_read_only = on",
  );
  // First beside what was read under the settings before, then with both sides read anew.
  for (const forgotten of ["fingerprint = null", "desired = null"]) {
    await session.query(`begin read write; update dazzle.applied set ${forgotten}; commit`);
    expect((await planMigration(session, project.config)).up_to_date).toBe(true);
  }
});

test("a constraint spelled anew by dump and restore makes no difference", async () => {
  const sql =
    "create table t (id int primary key, v varchar(9) check (v in ('a', 'b')), w varchar default 'x');";
  project.write("schema.sql", sql);
  await session.query(sql);
  const [live] = await session.query<{ def: string }>(
    "select pg_get_constraintdef(oid) as def from pg_constraint where conname = 't_v_check'",
  );
  await session.query(
    `alter table t drop constraint t_v_check, add constraint t_v_check ${live?.def ?? ""}`,
  );
  expect((await planMigration(session, project.config)).up_to_date).toBe(true);
});

test("a role without CREATE on the database is told which GRANT it needs", async () => {
  project.write("schema.sql", "create table t (id int primary key);");
  await session.query("drop role if exists migration_reader; create role migration_reader login");
  await session.query("set role migration_reader");
  await expect(apply()).rejects.toThrow(/GRANT CREATE ON DATABASE/);
  await session.query("reset role; drop role migration_reader");
});

test("on_unsafe = refuse applies nothing while something is unsafe", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  await apply();
  project.write("schema.sql", "create table t (id int primary key, b date);");
  const strict = {
    ...project.config,
    migrate: { ...project.config.migrate, onUnsafe: "refuse" as const },
  };
  await expect(applyMigration(session, strict, silentLog)).rejects.toMatchObject({
    code: "UNSAFE_REFUSED",
  });
  const names = await session.query(
    "select attname from pg_attribute where attrelid = 't'::regclass and attnum > 0",
  );
  expect(names).toEqual([{ attname: "id" }, { attname: "a" }]);
});

test("an unchanged catalog is proven by its fingerprint, and any change of it is noticed", async () => {
  project.write(
    "schema.sql",
    "create table t (id int primary key, a int default 1); create type k as enum ('x');",
  );
  await apply();
  const queries: string[] = [];
  const counting: Session = {
    ...session,
    query: (sql, params) => {
      queries.push(sql);
      return session.query(sql, params);
    },
  };
  await applyMigration(counting, project.config, silentLog);
  expect(queries).toHaveLength(1);
  for (const change of [
    "alter table t alter a set default 2",
    "alter table t alter a drop default",
    "alter table t add check (a > 0)",
    "create index on t (a)",
    "alter type k add value 'y'",
    "alter table t set (fillfactor = 50)",
    "comment on column t.a is 'x'",
    "alter table t rename a to b",
    "drop table t",
  ]) {
    await session.query(change);
    const plan = await planMigration(session, project.config);
    expect(plan.up_to_date, change).toBe(false);
  }
});

/** The plan, and how often the namespace was read from the catalog for it. */
async function planCounting() {
  let reads = 0;
  const counting: Session = {
    ...session,
    query: (sql, params) => {
      if (params?.[0] === "public" && params[1] === "public") reads += 1;
      return session.query(sql, params);
    },
  };
  return { plan: await planMigration(counting, project.config), reads };
}

test("after a change of the files a catalog that is as it was left is not read again", async () => {
  const sql = `create type k as enum ('x'); create domain d as int check (value > 0);
    create sequence s; create table u (id serial primary key, k k);
    create table t (id int primary key, a d default 1 check (a < 9), u int references u);
    create index on t (a) where a > 1; comment on table t is 'one';`;
  project.write("schema.sql", sql);
  // What the files do not hold stays out of the plan, and in what is remembered.
  await session.query("create table other (id int); create type stray as enum ('y')");
  await apply();
  project.write("schema.sql", sql.replace("primary key, a d", "primary key, b text, a d"));
  const remembered = await planCounting();
  expect(remembered.reads).toBe(0);
  expect(remembered.plan.safe.map(({ operation }) => operation)).toEqual(["add_column"]);
  expect(remembered.plan.unsafe).toEqual([]);
  expect(await planAgain()).toEqual(remembered.plan);

  await apply();
  await session.query("alter table t alter a set default 2");
  const changed = await planCounting();
  expect(changed.reads).toBe(1);
  expect(changed.plan.unsafe.map(({ operation }) => operation)).toEqual(["change_default"]);
});

test("a table that was left as the files did not want it is remembered as it is", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int, b int);");
  await apply();
  project.write("schema.sql", "create table t (id int primary key, a text);");
  await apply();
  project.write("schema.sql", "create table t (id int primary key, a text, c date);");
  const { plan, reads } = await planCounting();
  expect(reads).toBe(0);
  expect(plan.safe.map(({ object }) => object)).toEqual(["c"]);
  expect(plan.unsafe.map(({ object }) => object).sort()).toEqual(["a", "b"]);
});

test("what is renamed elsewhere, and changes no row of the namespace, is noticed", async () => {
  await session.query(
    "drop schema if exists elsewhere, moved cascade; create schema elsewhere; create type elsewhere.mood as enum ('x')",
  );
  project.write("schema.sql", "create table t (id int primary key);");
  await apply();
  await session.query("alter table t add m elsewhere.mood");
  for (const change of [
    "alter type elsewhere.mood rename to feeling",
    "alter schema elsewhere rename to moved",
  ]) {
    project.write("schema.sql", "create table t (id int primary key);");
    await apply();
    project.write("schema.sql", "create table t (id int primary key, a date);");
    expect((await planCounting()).reads).toBe(0);
    await session.query(change);
    expect((await planCounting()).reads, change).toBe(1);
    await apply();
    await session.query("alter table t drop a");
  }
  await session.query("drop schema moved cascade");
});
