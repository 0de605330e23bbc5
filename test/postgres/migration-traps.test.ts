/** What PostgreSQL does to those who migrate beside others, each trap set for real. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Fields, Logger } from "../../src/log/logger.js";
import { upgrade } from "../../src/migration/commands.js";
import { applyMigration, planMigration } from "../../src/migration/migrate.js";
import { startEmbedded } from "../../src/postgres/embedded.js";
import { acquireLock } from "../../src/postgres/lock.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { recordingLog, silentLog } from "../support/log.js";
import { createProject, type TestProject } from "./migration-support/project.js";

let database: TestDatabase;
let session: Session;
let other: Session;
let project: TestProject;

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(async () => {
  await database.drop();
});

beforeEach(async () => {
  session = await connect(database.url);
  other = await connect(database.url, "test/other");
  await session.query(
    "drop schema if exists dazzle cascade; drop schema public cascade; create schema public",
  );
  project = createProject();
});

afterEach(async () => {
  await Promise.all([session.end(), other.end()]);
  project.remove();
});

const apply = (log: Logger = silentLog) => applyMigration(session, project.config, log);

/** A log, and a promise of the first event's fields that `match` accepts. */
function listenFor(match: (event: string, fields: Fields) => boolean) {
  let hear: (fields: Fields) => void = () => undefined;
  const heard = new Promise<Fields>((resolve) => (hear = resolve));
  const log: Logger = {
    ...silentLog,
    event: (_level, event, _msg, fields = {}) => {
      if (match(event, fields)) hear(fields);
    },
  };
  return { log, heard };
}

async function until(sql: string): Promise<void> {
  while ((await session.query(sql)).length === 0);
}

test("an index that another session is building is waited for and then found", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  await apply();
  await session.query("insert into t values (1, 1)");
  const writer = await connect(database.url, "test/writer");
  await writer.query("begin; update t set a = 2");
  const build = other.query("create index concurrently t_a on t (a)");
  await until(
    `select from pg_stat_progress_create_index p join pg_index i on i.indexrelid = p.index_relid
     where not i.indisvalid and p.pid = ${other.backendPid}`,
  );
  const [before] = await session.query("select 't_a'::regclass::oid as oid");

  project.write(
    "schema.sql",
    "create table t (id int primary key, a int); create index t_a on t (a);",
  );
  const log = recordingLog();
  const applied = apply(log);
  expect((await log.waitFor("migrate.retry")).msg).toContain(`pid ${other.backendPid}`);
  await writer.query("commit");
  await build;
  expect(await applied).toMatchObject({ applied: [], unsafe: [] });
  expect(await session.query("select 't_a'::regclass::oid as oid")).toEqual([before]);
  await writer.end();
});

test("while an index is built the log says how far it is and whom it waits for", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  await apply();
  await session.query("insert into t values (1, 1)");
  await other.query("begin; update t set a = 2");
  project.write(
    "schema.sql",
    "create table t (id int primary key, a int); create index t_a on t (a);",
  );
  const { log, heard } = listenFor((_event, fields) => "phase" in fields);
  const applied = apply(log);
  expect(await heard).toMatchObject({
    operation: "add_index",
    object: "t_a",
    phase: expect.stringMatching(/waiting for writers/) as unknown,
  });
  await other.query("commit");
  await applied;
});

test("an index build that waits for nobody names nobody", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  await apply();
  await session.query(
    `insert into t values (1, 1);
     create function slow(a int) returns int immutable language plpgsql
       as $$ begin perform pg_advisory_xact_lock(7); return a; end $$`,
  );
  await other.query("select pg_advisory_lock(7)");
  project.write(
    "schema.sql",
    "create table t (id int primary key, a int); create index t_a on t (slow(a));",
  );
  let applied: Promise<unknown> = Promise.resolve();
  const heard = new Promise<string>((hear) => {
    const log: Logger = {
      ...silentLog,
      event: (_level, _event, msg, fields = {}) => {
        if ("phase" in fields) hear(msg);
      },
    };
    applied = apply(log);
  });
  expect(await heard).toMatch(/^add_index t_a: building index/);
  expect(await heard).not.toContain("waiting for");
  await other.query("select pg_advisory_unlock(7)");
  await applied;
});

test("a run that is told to stop during an index build does not wait for whom the build waits for", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  await apply();
  await session.query("insert into t values (1, 1)");
  await other.query("begin; update t set a = 2");
  project.write(
    "schema.sql",
    "create table t (id int primary key, a int); create index t_a on t (a);",
  );
  const stop = new AbortController();
  const { log, heard } = listenFor((_event, fields) => "phase" in fields);
  const applied = applyMigration(session, project.config, log, { signal: stop.signal });
  const refused = expect(applied).rejects.toMatchObject({ code: "INTERRUPTED" });
  await heard;
  stop.abort();
  await refused;
  await other.query("commit");
  await apply();
  expect(
    await session.query("select indisvalid from pg_index where indexrelid = 't_a'::regclass"),
  ).toEqual([{ indisvalid: true }]);
});

test("planning that has to wait says for whom", async () => {
  project.write("schema.sql", "create table t (id int primary key);");
  await apply();
  await other.query("begin; lock table t in access exclusive mode");
  project.write("schema.sql", "create table t (id int primary key, a int);");
  const log = recordingLog();
  const applied = apply(log);
  const { msg } = await log.waitFor("migrate.retry");
  await other.query("rollback");
  await applied;
  expect(msg).toContain(`planning gave way to pid ${other.backendPid} (test/other`);
});

test("an event trigger that refuses is named, leaves nothing, and is no obstacle when it is gone", async () => {
  await session.query(
    `create schema if not exists guard;
     create or replace function guard.refuse() returns event_trigger language plpgsql
       as $$ begin raise exception 'no changes on a Friday'; end $$;
     create event trigger no_ddl on ddl_command_start when tag in ('CREATE TABLE') execute function guard.refuse()`,
  );
  project.write("schema.sql", "create table t (id int primary key);");
  const refused = {
    exitStatus: 65,
    message: expect.stringMatching(/no changes on a Friday/) as unknown,
  };
  await expect(apply()).rejects.toMatchObject(refused);
  await session.query(
    `drop event trigger no_ddl;
     create event trigger no_ddl on ddl_command_start execute function guard.refuse()`,
  );
  await expect(apply()).rejects.toMatchObject(refused);
  expect(
    await session.query("select from pg_namespace where nspname like 'dazzle_scratch%'"),
  ).toEqual([]);
  await session.query("drop event trigger no_ddl; drop schema guard cascade");
  await apply();
  expect((await planMigration(session, project.config)).up_to_date).toBe(true);
});

test("a new enum value used in the revision that adds it fails whole, and works outside a transaction", async () => {
  await session.query("create type k as enum ('a'); create table t (c k)");
  const body = "alter type k add value 'b';\ninsert into t values ('b');\n";
  const options = {
    config: { ...project.config, database: { ...project.config.database, schema: [] } },
    log: silentLog,
  };
  project.write("migrations/1_k.sql", `-- migrate:up\n${body}`);
  await expect(upgrade(session, "head", options)).rejects.toThrow(
    /unsafe use of new value.*migrations\/1_k\.sql:3.*must be committed/,
  );
  expect(await session.query("select from pg_enum where enumlabel = 'b'")).toEqual([]);
  project.write("migrations/1_k.sql", `-- migrate:up transaction:false\n${body}`);
  expect(await upgrade(session, "head", options)).toEqual(["1_k"]);
});

test("a running application's prepared statements that name their columns survive an added column", async () => {
  project.write("schema.sql", "create table t (id int primary key, a text);");
  await apply();
  await other.query("insert into t values (1, 'x')");
  const named = { name: "named", text: "select id, a from t" };
  const star = { name: "star", text: "select * from t" };
  await other.client.query(named);
  await other.client.query(star);
  project.write(
    "schema.sql",
    "create table t (id int primary key, a text, b int not null default 5);",
  );
  await apply();
  expect((await other.client.query(named)).rows).toEqual([{ id: 1, a: "x" }]);
  // This is why the main job migrates first and starts its workers afterwards.
  await expect(other.client.query(star)).rejects.toMatchObject({ code: "0A000" });
});

test("a revision's statement waits for a table in short tries, not in the lock's queue", async () => {
  await session.query("create table t (id int)");
  project.write("migrations/1_a.sql", "-- migrate:up\nalter table t add a int;\n");
  await other.query("begin; select * from t");
  const log = recordingLog();
  const config = { ...project.config, database: { ...project.config.database, schema: [] } };
  const done = upgrade(session, "head", { config, log });
  await log.waitFor("migrate.retry");
  const reader = await connect(database.url);
  expect(await reader.query("select * from t")).toEqual([]);
  await other.query("commit");
  expect(await done).toEqual(["1_a"]);
  await reader.end();
});

test(
  "a standby is told apart before the lock and before a plan",
  { timeout: 120_000 },
  async () => {
    const root = await mkdtemp(join(tmpdir(), "supervise-standby-"));
    await chmod(root, 0o755);
    const first = await startEmbedded({ root, log: silentLog, project: "standby" });
    await first.stop();
    await writeFile(join(root, ".dazzle/postgres/standby.signal"), "");
    const standby = await startEmbedded({ root, log: silentLog, project: "standby" });
    const reading = await connect(standby.url);
    project.write("schema.sql", "create table t (id int primary key);");
    const lock = { project: "tasks", namespace: "public", waitMs: 1_000, log: silentLog };
    await expect(acquireLock(reading, lock)).rejects.toThrow(/standby/);
    await expect(planMigration(reading, project.config)).rejects.toThrow(/standby/);
    await reading.end();
    await standby.stop();
    await rm(root, { recursive: true, force: true });
  },
);

test(
  "planning and applying leave other sessions of a small server room for their own locks",
  { timeout: 300_000 },
  async () => {
    const root = await mkdtemp(join(tmpdir(), "supervise-locks-"));
    await chmod(root, 0o755);
    // Every process that the server may start adds to its lock table.
    const settings = {
      max_connections: "20",
      max_locks_per_transaction: "32",
      max_wal_senders: "0",
      max_worker_processes: "1",
      autovacuum_max_workers: "1",
      fsync: "off",
    };
    const small = await startEmbedded({ root, log: silentLog, project: "locks", settings });
    const [own, application] = [await connect(small.url), await connect(small.url)];
    const mine = Array.from({ length: 400 }, (_, at) => `mine${at}`);
    for (const name of mine) await application.query(`create table ${name} (id int)`);
    // Together several times what the server's lock table holds.
    const tables = Array.from(
      { length: 250 },
      (_, at) =>
        `create table t${at} (id int primary key, a int ${at > 0 ? `references t${at - 1}` : ""}, b text unique); create index on t${at} (a);`,
    );
    project.write("schema.sql", tables.join("\n"));
    let statements = 0;
    const beside: Session = {
      ...own,
      query: async (sql, params) => {
        statements += 1;
        if (statements % 25 === 0) {
          await application.query(
            `begin; lock table ${mine.join(", ")} in access share mode; commit`,
          );
        }
        return own.query(sql, params);
      },
    };
    await applyMigration(beside, project.config, silentLog);
    expect(statements).toBeGreaterThan(1_000);
    expect((await planMigration(own, project.config)).up_to_date).toBe(true);
    await Promise.all([own.end(), application.end()]);
    await small.stop();
    await rm(root, { recursive: true, force: true });
  },
);
