/** What a migration does to those who work beside it, and they to it. */
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Logger } from "../../src/log/logger.js";
import { upgrade } from "../../src/migration/commands.js";
import { applyMigration, planMigration } from "../../src/migration/migrate.js";
import { quoteIdentifier } from "../../src/postgres/quote.js";
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

afterAll(() => database.drop());

beforeEach(async () => {
  session = await connect(database.url);
  other = await connect(database.url, "test/other");
  await session.query(
    "drop event trigger if exists note_locks; drop schema if exists dazzle, witness cascade; drop schema public cascade; create schema public",
  );
  project = createProject();
});

afterEach(async () => {
  await Promise.all([session.end(), other.end()]);
  project.remove();
});

const apply = (log: Logger = silentLog, config = project.config) =>
  applyMigration(session, config, log);

/** The session's backend waits for a lock. */
async function untilItWaits(waiting: Session): Promise<void> {
  const look = await connect(database.url, "test/look");
  const sql = `select from pg_locks where pid = ${waiting.backendPid} and not granted`;
  while ((await look.query(sql)).length === 0);
  await look.end();
}

test("a new table that refers to one where a writer's transaction is open holds up no other writer", async () => {
  project.write("schema.sql", "create table p (id int primary key, a int);");
  await apply();
  await session.query("insert into p values (1, 1), (2, 2)");
  project.write(
    "schema.sql",
    "create table p (id int primary key, a int); create table c (p int references p);",
  );
  await other.query("begin; update p set a = 0 where id = 1");
  const log = recordingLog();
  const done = apply(log);
  const { msg } = await log.waitFor("migrate.retry");
  expect(msg).toContain(`pid ${other.backendPid} (test/other`);
  const third = await connect(database.url, "test/third");
  // Would wait for as long as the first writer does, were the migration in the lock's queue.
  for (let turn = 0; turn < 20; turn += 1) await third.query("update p set a = 5 where id = 2");
  await other.query("commit");
  await done;
  await third.end();
  expect((await planMigration(session, project.config)).up_to_date).toBe(true);
});

test("a revision that is the victim of a deadlock runs again, whole", async () => {
  await session.query("create table p (id int); create table q (id int)");
  const config = createPatient();
  project.write(
    "migrations/1_a.sql",
    "-- migrate:up\nalter table p add a int;\nselect pg_advisory_xact_lock(77);\nalter table q add a int;\n",
  );
  // The server looks for a deadlock in the session that has waited for this long, once.
  await session.query("alter role current_user set deadlock_timeout = '50ms'");
  const patient = await connect(database.url, "test/patient");
  await session.query("alter role current_user reset deadlock_timeout");
  await session.query("select pg_advisory_lock(77)");
  await other.query("set deadlock_timeout = '10min'");
  await other.query("begin; lock table q in access exclusive mode");
  const log = recordingLog();
  const done = upgrade(patient, "head", { config, log });
  await untilItWaits(patient);
  const locked = other.query("lock table p in access exclusive mode");
  await untilItWaits(other);
  // Now it goes on to the table that the other one holds: the circle is closed by it.
  await session.query("select pg_advisory_unlock(77)");
  expect((await log.waitFor("migrate.retry")).msg).toContain("trying again");
  await locked;
  await other.query("commit");
  expect(await done).toEqual(["1_a"]);
  await patient.end();
});

/** Waits in the lock's queue for long enough to be found in a deadlock. */
function createPatient() {
  return {
    ...project.config,
    database: { ...project.config.database, schema: [] },
    migrate: { ...project.config.migrate, lockTimeoutMs: 30_000 },
  };
}

test("what others hold for longer than lock_wait is given up with 75, naming them, and leaves nothing", async () => {
  project.write("schema.sql", "create table t (id int primary key);");
  await apply();
  project.write("schema.sql", "create table t (id int primary key, a int);");
  const impatient = {
    ...project.config,
    migrate: { ...project.config.migrate, lockWaitMs: 300 },
  };
  await other.query("begin; select * from t");
  const log = recordingLog();
  await expect(apply(log, impatient)).rejects.toMatchObject({
    code: "MIGRATION_BLOCKED",
    exitStatus: 75,
  });
  expect(log.of("migrate.retry").at(-1)?.msg).toContain(`pid ${other.backendPid} (test/other`);

  project.write("migrations/1_a.sql", "-- migrate:up\nalter table t add a int;\n");
  const files = { ...impatient, database: { ...impatient.database, schema: [] } };
  await expect(upgrade(session, "head", { config: files, log })).rejects.toMatchObject({
    code: "MIGRATION_BLOCKED",
    exitStatus: 75,
  });
  expect(
    await other.query(
      `select from pg_locks where pid = ${session.backendPid} and locktype = 'relation'`,
    ),
  ).toEqual([]);
  await other.query("commit");
  expect(await upgrade(session, "head", { config: files, log })).toEqual(["1_a"]);
});

test("two plans at once do not wait for each other", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int);");
  const own = await connect(database.url, "test/first");
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  let go: () => void = () => undefined;
  const going = new Promise<void>((resolve) => (go = resolve));
  // Stands still with everything in scratch, and its locks held.
  const halted: Session = {
    ...own,
    query: async (sql, params) => {
      const rows = await own.query<never>(sql, params);
      if (/create table/i.test(sql)) {
        stop();
        await going;
      }
      return rows;
    },
  };
  const first = planMigration(halted, project.config);
  await stopped;
  const second = await planMigration(session, project.config);
  expect(second.safe).toHaveLength(1);
  go();
  expect(await first).toMatchObject({ safe: second.safe });
  await own.end();
});

test("tables land in the namespace, though the role has a schema of its own name", async () => {
  const role = `test_${randomBytes(6).toString("hex")}`;
  await session.query(
    `create role ${role} login; create schema ${role} authorization ${role};
     grant create on database ${quoteIdentifier(database.name)} to ${role}; grant all on schema public to ${role}`,
  );
  project.write(
    "schema.sql",
    "create type k as enum ('a'); create sequence s; create table t (id serial primary key, k k); create index on t (k);",
  );
  await session.query(`set session authorization ${role}`);
  await apply();
  expect((await planMigration(session, project.config)).up_to_date).toBe(true);
  project.write("migrations/1_r.sql", "-- migrate:up\ncreate table r (id int);\n");
  const files = { ...project.config, database: { ...project.config.database, schema: [] } };
  await upgrade(session, "head", { config: files, log: silentLog });
  const found = await session.query(
    `select distinct relnamespace::regnamespace::text as schema from pg_class
     where relname in ('t', 's', 'r', 't_id_seq', 't_k_idx', 't_pkey')
     union select typnamespace::regnamespace::text from pg_type where typname = 'k'`,
  );
  expect(found).toEqual([{ schema: "public" }]);
  await session.query("reset session authorization");
  await session.query(`drop owned by ${role} cascade; drop role ${role}`);
});

const STRENGTH = [
  "NONE",
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE",
];

test("no statement takes a stronger lock on a table in use than its plan says", async () => {
  project.write("schema.sql", "create table t (id int primary key, a int, b int);");
  await apply();
  await session.query("insert into t select g, g, g from generate_series(1, 100) g");
  await session.query(
    `create schema witness; create table witness.seen (sql text, mode text);
     create function witness.note() returns event_trigger language plpgsql as $$ begin
       insert into witness.seen select current_query(), mode from pg_locks
       where pid = pg_backend_pid() and relation = to_regclass('public.t') and granted; end $$;
     create event trigger note_locks on ddl_command_end execute function witness.note()`,
  );
  project.write(
    "schema.sql",
    `create type k as enum ('x');
     create table t (id int primary key, a int check (a > 0) unique, b int not null default 0, c text default 'c',
       d int not null default 1, k k default 'x', v uuid default gen_random_uuid(), g int references t);
     create index t_b on t (b); create table u (id int primary key, t int references t);
     comment on column t.a is 'A';`,
  );
  const { applied } = await apply();
  const seen = await session.query<{ sql: string; mode: string }>("select * from witness.seen");
  let compared = 0;
  for (const { sql, mode } of seen) {
    const step = applied.find((one) => one.sql === sql);
    if (step === undefined) continue;
    compared += 1;
    const words = mode
      .replace(/Lock$/, "")
      .replace(/(?!^)([A-Z])/g, " $1")
      .toUpperCase();
    expect(STRENGTH, mode).toContain(words);
    expect(
      STRENGTH.indexOf(words),
      `${sql} took ${words}, planned ${step.lock}`,
    ).toBeLessThanOrEqual(STRENGTH.indexOf(step.lock));
  }
  expect(compared).toBeGreaterThan(10);
});

test("a default that is the time of its making is not a difference for ever", async () => {
  const sql = (more: string) =>
    `create table t (id int primary key, a timestamptz default 'now', b timestamp default 'now'${more});`;
  project.write("schema.sql", sql(""));
  await session.query("set timezone = 'Asia/Kolkata'");
  await apply();
  const again = async () => {
    await session.query("update dazzle.applied set fingerprint = null, desired = null");
    const { safe, unsafe } = await planMigration(session, project.config);
    return [...safe, ...unsafe].map(({ operation, object }) => `${operation} ${object}`);
  };
  expect(await again()).toEqual([]);
  project.write("schema.sql", sql(", c timestamptz not null default 'now'"));
  await apply();
  expect(await again()).toEqual([]);
  project.write("schema.sql", sql(", c timestamptz not null default '2020-01-01 00:00:00.5+00'"));
  expect(await again()).toEqual(["change_default c"]);
});
