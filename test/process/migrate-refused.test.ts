/** Commands that can't do what they were asked: which code they end with, and in which words. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbedded } from "../../src/postgres/embedded.js";
import { acquireLock } from "../../src/postgres/lock.js";
import { quoteIdentifier, quoteLiteral } from "../../src/postgres/quote.js";
import {
  connect,
  createDatabase,
  onServer,
  urlOf,
  type TestDatabase,
} from "../support/database.js";
import { silentLog } from "../support/log.js";
import { createProject } from "../support/server-project.js";
import { freePort, launch, project } from "../support/supervisor.js";

const SCHEMA = "create table t (id int primary key);\n";
const FILES = {
  "dazzle.toml":
    '[project]\nname = "refused"\n[app]\nentry = "app.mjs"\n[database]\nrevisions = "."\n[migrate]\nlock_wait = "250ms"\n',
  "app.mjs": 'export default () => (request, response) => response.end("served");\n',
  "schema.sql": SCHEMA,
};
const REVISION = { "1_more.sql": "-- migrate:up\ncreate table more (id int);\n" };

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** The command's code and its last line, in a project of its own unless one is given. */
async function run(
  args: readonly string[],
  url: string,
  { cwd = project(FILES), env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
) {
  const program = launch({ cwd, args, env: { DATABASE_URL: url, ...env } });
  const { code } = await program.exited;
  const lines = program.stderr().split("\n");
  const errors = lines.filter((line) => line.startsWith("supervise: "));
  return { code, said: errors.join("\n"), errors: errors.length, stdout: program.stdout() };
}

test("a holder that keeps the lock for longer than lock_wait is named, and the next try goes on", async () => {
  const holder = await connect(database.url, "deploy/of somebody");
  const lock = { project: "refused", namespace: "public", waitMs: 0, log: silentLog };
  const held = await acquireLock(holder, lock);
  const cwd = project(FILES);
  for (const args of [["migrate"], ["db", "upgrade"], ["serve", "--no-watch", "--port", "1"]]) {
    const { code, said, errors } = await run(args, database.url, { cwd });
    expect({ code, errors }, args.join(" ")).toEqual({ code: 75, errors: 1 });
    expect(said).toContain(`pid ${holder.backendPid} (deploy/of somebody)`);
    expect(said).toContain("pg_terminate_backend");
  }
  await held.release();
  await holder.end();
  expect((await run(["migrate"], database.url, { cwd })).code).toBe(0);
});

describe("a standby", () => {
  test("is refused with 78 by everything that changes a schema, and serves who only reads", async () => {
    const place = await createProject();
    const primary = await startEmbedded({ root: place.root, log: silentLog });
    await primary.stop();
    writeFileSync(join(place.root, ".dazzle/postgres/standby.signal"), "");
    const standby = await startEmbedded({ root: place.root, log: silentLog });
    const cwd = project({ ...FILES, ...REVISION });
    for (const args of [
      ["migrate"],
      ["migrate", "--dry-run"],
      ["db", "upgrade"],
      ["db", "stamp", "head"],
      ["serve", "--no-watch", "--port", "1"],
    ]) {
      const { code, said, errors } = await run(args, standby.url, { cwd });
      expect({ code, errors }, args.join(" ")).toEqual({ code: 78, errors: 1 });
      expect(said, args.join(" ")).toContain("standby");
    }
    // What only reads may run on one.
    const port = String(await freePort());
    const reader = launch({
      cwd,
      args: ["serve", "--no-watch", "--no-migrate", "--port", port, "--log-format", "json"],
      env: { DATABASE_URL: standby.url },
    });
    await reader.waitFor("supervisor.ready");
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("served");
    expect(await reader.end()).toEqual({ code: 0, signal: null });
    expect(reader.log.filter(({ level }) => level === "error")).toEqual([]);
    await standby.stop();
    await place.remove();
  });
});

describe("db upgrade", () => {
  const role = `test_${randomBytes(6).toString("hex")}`;
  const password = randomBytes(12).toString("hex");
  const as = () => urlOf(database.name, { user: role, password });

  beforeAll(() =>
    onServer(`create role ${quoteIdentifier(role)} login password ${quoteLiteral(password)}`),
  );
  afterAll(async () => {
    const session = await connect(database.url);
    await session.query(`drop owned by ${quoteIdentifier(role)}`);
    await session.end();
    await onServer(`drop role ${quoteIdentifier(role)}`);
  });

  test("by a role without privileges names the one that is missing", async () => {
    const own = await createDatabase();
    const cwd = project({ ...FILES, ...REVISION });
    const { code, said, errors } = await run(
      ["db", "upgrade"],
      urlOf(own.name, { user: role, password }),
      { cwd },
    );
    await own.drop();
    expect({ code, errors }).toEqual({ code: 78, errors: 1 });
    expect(said).toContain(`GRANT CREATE ON DATABASE ${own.name} TO ${role}`);
  });

  test("by a role that may not create in the namespace says so, and records nothing", async () => {
    const session = await connect(database.url);
    await session.query("revoke create on schema public from public");
    await session.query(
      `grant create on database ${quoteIdentifier(database.name)} to ${quoteIdentifier(role)}`,
    );
    await session.query("drop schema if exists dazzle cascade");
    const cwd = project({ ...FILES, ...REVISION, "schema.sql": "" });
    const { code, said, errors } = await run(["db", "upgrade"], as(), { cwd });
    expect({ code, errors }).toEqual({ code: 78, errors: 1 });
    expect(said).toContain("permission denied for schema public");
    expect(said).toContain("1_more.sql:2");
    expect(await session.query("select from pg_tables where tablename = 'more'")).toEqual([]);
    await session.end();
  });

  test("by a role that may only read is unavailable", async () => {
    const own = await createDatabase();
    await onServer(
      `alter database ${quoteIdentifier(own.name)} owner to ${quoteIdentifier(role)}`,
      `alter role ${quoteIdentifier(role)} set default_transaction_read_only = on`,
    );
    const session = await connect(own.url);
    await session.query("grant create on schema public to public");
    await session.end();
    const { code, said, errors } = await run(
      ["db", "upgrade"],
      urlOf(own.name, { user: role, password }),
      { cwd: project({ ...FILES, ...REVISION }) },
    );
    await onServer(`alter role ${quoteIdentifier(role)} reset default_transaction_read_only`);
    await own.drop();
    expect({ code, errors }).toEqual({ code: 69, errors: 1 });
    expect(said).toContain("read-only");
    expect(said).toContain("default_transaction_read_only");
  });
});
