/** The timeouts that the server itself saw, statement by statement. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { upgrade } from "../../src/migration/commands.js";
import { applyMigration } from "../../src/migration/migrate.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { createProject, type TestProject } from "./migration-support/project.js";

let database: TestDatabase;
let session: Session;
let project: TestProject;

/** What every statement of a session reports when it begins: DDL to an event trigger, rows to a trigger. */
const WITNESS = `
  create schema witness;
  create table witness.seen (at serial, sql text, lock text, statement text, idle text, path text);
  create function witness.note() returns event_trigger language plpgsql as $$ begin
    insert into witness.seen (sql, lock, statement, idle, path) values (current_query(),
      current_setting('lock_timeout'), current_setting('statement_timeout'),
      current_setting('idle_in_transaction_session_timeout'), current_setting('search_path')); end $$;
  create function witness.note_rows() returns trigger language plpgsql as $$ begin
    insert into witness.seen (sql, lock, statement, idle, path) values (current_query(),
      current_setting('lock_timeout'), current_setting('statement_timeout'),
      current_setting('idle_in_transaction_session_timeout'), current_setting('search_path'));
    return null; end $$;
  create event trigger note on ddl_command_start execute function witness.note();
  create trigger note_rows before update on t for each statement execute function witness.note_rows()`;

interface Seen {
  sql: string;
  lock: string;
  statement: string;
  idle: string;
}

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(async () => {
  await database.drop();
});

beforeEach(async () => {
  session = await connect(database.url);
  project = createProject({ lockTimeoutMs: 120 });
  await session.query("create table t (id int primary key, a int)");
  await session.query("insert into t select g, g from generate_series(1, 20000) g; analyze t");
  await session.query(WITNESS);
});

afterEach(async () => {
  await session.query("drop event trigger if exists note");
  await session.query(
    "drop schema if exists dazzle, witness cascade; drop schema public cascade; create schema public",
  );
  await session.end();
  project.remove();
});

const seen = () =>
  session.query<Seen>(
    `select sql, lock, statement, idle from witness.seen
     where sql !~ 'dazzle|event trigger' order by at`,
  );

const spelled = (ms: number): string =>
  ms === 0 ? "0" : ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;

test("every statement of an apply runs under the timeouts that its plan says", async () => {
  project.write(
    "schema.sql",
    `create type k as enum ('x');
     create table t (id int primary key, a int check (a > 0) unique, b uuid not null default gen_random_uuid(),
       c uuid default gen_random_uuid(), k k default 'x');
     create index t_a on t (a); create table u (id int primary key, t int references t);
     create sequence s; comment on table t is 'T';`,
  );
  const { applied } = await applyMigration(session, project.config, silentLog);
  const found = await seen();
  const kinds = new Set<string>();
  for (const step of applied) {
    const fills = step.sql.startsWith("UPDATE");
    kinds.add(fills ? "batch" : step.transactional ? step.operation : `${step.operation} alone`);
    const own = found.filter(({ sql }) =>
      fills ? sql.includes(`set ${step.object} = default`) : sql === step.sql,
    );
    expect(own.length, step.sql).toBeGreaterThan(0);
    for (const { lock, statement, idle } of own) {
      expect({ lock, statement, idle }, step.sql).toEqual({
        lock: spelled(step.lock_timeout_ms),
        statement: spelled(step.statement_timeout_ms),
        idle: "10s",
      });
    }
  }
  expect([...kinds].sort()).toEqual([
    "add_column",
    "add_constraint",
    "add_constraint alone",
    "add_index alone",
    "batch",
    "create_enum",
    "create_sequence",
    "create_table",
    "set_comment",
    "validate_constraint",
  ]);
  const transactional = applied.filter((step) => step.transactional);
  expect(new Set(transactional.map((step) => step.lock_timeout_ms))).toEqual(new Set([120]));
});

test("the session has no timeout of its own before, between and after", async () => {
  project.write(
    "schema.sql",
    "create table t (id int primary key, a int); create index t_a on t (a);",
  );
  await applyMigration(session, project.config, silentLog);
  for (const name of ["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"]) {
    expect(await session.query(`select current_setting('${name}') as value`)).toEqual([
      { value: "0" },
    ]);
  }
});

test("a revision's statements wait for locks as long as the configuration says, and run as long as they need", async () => {
  const config = { ...project.config, database: { ...project.config.database, schema: [] } };
  project.write(
    "migrations/1_a.sql",
    "-- migrate:up\nalter table t add x int;\nupdate t set x = 1;\n",
  );
  project.write(
    "migrations/2_b.sql",
    "-- migrate:up transaction:false\nalter table t add y int;\nbegin;\nalter table t add z int;\ncommit;\ncreate index concurrently t_y on t (y);\n",
  );
  await upgrade(session, "head", { config, log: silentLog });
  const patient = { statement: "0", idle: "10s" };
  expect((await seen()).filter(({ sql }) => !sql.startsWith("create schema"))).toEqual([
    { sql: "alter table t add x int", lock: "120ms", ...patient },
    { sql: "update t set x = 1", lock: "120ms", ...patient },
    { sql: "alter table t add y int", lock: "120ms", ...patient },
    { sql: "alter table t add z int", lock: "120ms", ...patient },
    // It holds up nobody while it waits, and would leave an invalid index behind.
    { sql: "create index concurrently t_y on t (y)", lock: "0", ...patient },
  ]);
});
