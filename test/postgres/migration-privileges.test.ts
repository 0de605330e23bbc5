/** Roles that may not do what a migration needs: what they are told is enough when done to the letter. */
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { upgrade } from "../../src/migration/commands.js";
import { applyMigration } from "../../src/migration/migrate.js";
import { namingGrants } from "../../src/migration/privileges.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { createProject, type TestProject } from "./migration-support/project.js";

let database: TestDatabase;
let owner: Session;
let session: Session;
let project: TestProject;
const role = `test_${randomBytes(6).toString("hex")}`;
const colleague = `${role}_b`;

const OLD =
  "create type mood as enum ('a'); create table p (id int primary key); create table t (id serial primary key, m mood, p int);";
const NEW =
  "create type mood as enum ('a', 'b'); create table p (id int primary key); create table t (id serial primary key, m mood, p int references p, a int); create index on t (a);";

beforeEach(async () => {
  database = await createDatabase();
  owner = await connect(database.url);
  session = await connect(database.url);
  await owner.query(
    `create role ${role} login; create role ${colleague} login; revoke create on schema public from public`,
  );
  await session.query(`set session authorization ${role}`);
  project = createProject();
  project.write("schema.sql", OLD);
});

afterEach(async () => {
  await Promise.all([session.end(), owner.end()]);
  await database.drop();
  const server = await connect(database.url.replace(database.name, "postgres"));
  await server.query(`drop role ${role}; drop role ${colleague}`);
  await server.end();
  project.remove();
});

const apply = (on: Session = session) => applyMigration(on, project.config, silentLog);

/** What the error says to run; nothing when it went well. */
async function advice(): Promise<string[]> {
  const told: unknown = await apply().then(
    () => null,
    (error: unknown) => error,
  );
  if (told === null) return [];
  expect(told).toMatchObject({ code: "PRIVILEGE_MISSING" });
  const message = told instanceof Error ? told.message : "";
  const [, statements = ""] = / run: (.*)$/s.exec(message) ?? [];
  expect(statements, message).not.toBe("");
  return statements.split("; ");
}

/** Runs what is said until nothing is said any more; how often something was. */
async function follow(): Promise<number> {
  for (let times = 0; times < 20; times += 1) {
    const statements = await advice();
    if (statements.length === 0) return times;
    for (const statement of statements) await owner.query(statement);
  }
  throw new Error("the advice does not end");
}

test("a new role is told everything at once", async () => {
  expect(await advice()).toEqual([
    `GRANT CREATE ON DATABASE ${database.name} TO ${role}`,
    `GRANT USAGE, CREATE ON SCHEMA public TO ${role}`,
  ]);
  expect(await follow()).toBe(1);
});

test("a role that may create schemas is told of the namespace alone", async () => {
  await owner.query(`grant create on database ${database.name} to ${role}`);
  expect(await advice()).toEqual([`GRANT USAGE, CREATE ON SCHEMA public TO ${role}`]);
  expect(await follow()).toBe(1);
});

test("tables and records of a colleague: a member of that role may do all", async () => {
  await owner.query(
    `grant create on database ${database.name} to ${colleague}; grant create on schema public to ${colleague}`,
  );
  const first = await connect(database.url);
  await first.query(`set session authorization ${colleague}`);
  await apply(first);
  await first.end();
  project.write("schema.sql", NEW);
  expect(await follow()).toBe(2);
  const [member] = await owner.query<{ is: boolean }>(
    "select pg_has_role($1, $2, 'MEMBER') as is",
    [role, colleague],
  );
  expect(member?.is).toBe(true);
});

test("tables of a superuser change hands one by one, and nobody becomes its member", async () => {
  await apply(owner);
  project.write("schema.sql", NEW);
  expect(await follow()).toBeGreaterThan(1);
  const [row] = await owner.query<{ members: number }>(
    `select count(*)::int as members from pg_auth_members where member = '${role}'::regrole`,
  );
  expect(row?.members).toBe(0);
});

test("a revision is told what is missing, and keeps the server's word where that is something else", async () => {
  await owner.query(
    `grant create on database ${database.name} to ${role}; grant create on schema public to ${role}`,
  );
  await apply();
  await owner.query(
    `revoke create on database ${database.name} from ${role}; revoke create on schema public from ${role}`,
  );
  const run = () =>
    namingGrants(session, "public", () =>
      upgrade(session, "head", { config: project.config, log: silentLog }),
    );
  const file = "migrations/20260101000000_more.sql";
  project.write(file, "-- migrate:up\ncreate role another;\n");
  await expect(run()).rejects.toThrow(/permission denied to create role.*grant it to the role/s);
  project.write(file, "-- migrate:up\ncreate table more (id int);\n");
  await expect(run()).rejects.toThrow(`GRANT USAGE, CREATE ON SCHEMA public TO ${role}`);
});
