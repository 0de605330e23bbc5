/** What people do wrong in their first hours is answered by one line that says what to do. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quoteIdentifier, quoteLiteral } from "../../src/postgres/quote.js";
import {
  connect,
  createDatabase,
  onServer,
  urlOf,
  type TestDatabase,
} from "../support/database.js";
import { serve } from "../support/serve.js";
import { launch, project } from "../support/supervisor.js";

let database: TestDatabase;
const role = `test_${randomBytes(6).toString("hex")}`;
const password = randomBytes(12).toString("hex");

beforeAll(async () => {
  database = await createDatabase();
  await onServer(
    `create role ${quoteIdentifier(role)} login password ${quoteLiteral(password)}`,
    `grant create on database ${quoteIdentifier(database.name)} to ${quoteIdentifier(role)}`,
  );
});
afterAll(async () => {
  await database.drop();
  await onServer(`drop role ${quoteIdentifier(role)}`);
});

const SCHEMA = { "schema.sql": "create table t (id int primary key);\n" };

async function refused(files: Readonly<Record<string, string>>, url: string) {
  const app = await serve({ app: "busy.mjs", url, files });
  const { code } = await app.exited;
  expect(app.stderr().trimEnd().split("\n")).toHaveLength(1);
  return { code, said: app.stderr() };
}

describe("a database that does not let the role", () => {
  test("create tables is a matter of configuration, and trying again is not advised", async () => {
    const session = await connect(database.url);
    await session.query("revoke create on schema public from public");
    await session.end();
    const { code, said } = await refused(SCHEMA, urlOf(database.name, { user: role, password }));
    expect(code).toBe(78);
    expect(said).toContain("permission denied for schema public");
    expect(said).toContain("GRANT USAGE, CREATE ON SCHEMA public TO ");
  });

  test("read what another role recorded names the privilege", async () => {
    const own = await createDatabase();
    const session = await connect(own.url);
    await session.query("create schema dazzle");
    await session.query("create table dazzle.revision (); create table dazzle.applied ()");
    await session.query("create table dazzle.instance ()");
    await session.end();
    const { code, said } = await refused(SCHEMA, urlOf(own.name, { user: role, password }));
    await own.drop();
    expect(code).toBe(78);
    expect(said).toMatch(/permission denied for (schema|table)/);
    expect(said).toContain("GRANT USAGE ON SCHEMA dazzle TO ");
  });

  test("write at all is unavailable", async () => {
    const own = await createDatabase();
    await onServer(
      `alter database ${quoteIdentifier(own.name)} set default_transaction_read_only = on`,
    );
    const { code, said } = await refused(SCHEMA, own.url);
    await own.drop();
    expect(code).toBe(69);
    expect(said).toContain("read-only");
    expect(said).toContain("connect to the primary server");
  });
});

test("a scale beyond the budget is refused as a start would be", async () => {
  const app = await serve({
    app: "busy.mjs",
    url: database.url,
    workers: 1,
    env: { DAZZLE_ENV: "production", DAZZLE_DB_POOL_MAX: "60" },
  });
  await app.waitFor("supervisor.ready");
  const { code, stderr } = await app.command("scale", "40");
  expect(code).toBe(78);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).toContain("40 workers x pool.max 60");
  expect(stderr).not.toContain("status 500");
  expect(await app.end()).toMatchObject({ code: 0 });
});

test("a reload counts the workers that run, not those of the configuration", async () => {
  const app = await serve({ app: "busy.mjs", url: database.url, workers: 1 });
  await app.waitFor("supervisor.ready");
  expect(await app.command("scale", "3")).toMatchObject({ code: 0 });
  expect(await app.command("reload")).toMatchObject({ code: 0 });
  const budgets = app.log.filter(({ event }) => event === "budget.ok");
  expect(budgets.map(({ workers }) => workers)).toEqual([1, 3, 3]);
  expect(await app.end()).toMatchObject({ code: 0 });
});

describe("an entry that is not what it looks like", () => {
  const boot = async (files: Readonly<Record<string, string>>, app: string) => {
    const running = await serve({ app, url: database.url, files, workers: 1 });
    const { code } = await running.exited;
    expect(code).toBe(70);
    return running.stderr().split("\n")[0];
  };

  test("as an ES module in a CommonJS package is told what to write", async () => {
    const files = {
      "package.json": '{"type":"commonjs"}',
      "app.js": "export default () => (q, r) => r.end();",
    };
    expect(await boot(files, "app.js")).toContain('"type": "module"');
  });

  test("as CommonJS in an ES module package is told what to write", async () => {
    const files = {
      "package.json": '{"type":"module"}',
      "app.js": "module.exports = () => (q, r) => r.end();",
    };
    expect(await boot(files, "app.js")).toContain(".cjs");
  });

  test("as a request handler in the factory's place is told apart", async () => {
    const files = { "app.mjs": "export default (request, response) => response.end('x');" };
    expect(await boot(files, "app.mjs")).toContain("exports a request handler");
  });
});

describe("outside a supervisor", () => {
  const node = async (cwd: string, code: string, env: Readonly<Record<string, string>>) => {
    const program = launch({
      cwd,
      command: [process.execPath, "--input-type=module", "--eval", code],
      env,
    });
    const { code: status } = await program.exited;
    return { status, stdout: program.stdout(), stderr: program.stderr() };
  };
  const product = JSON.stringify(join(import.meta.dirname, "..", "..", "dist", "index.js"));

  test("the import needs no database until the pool is used", async () => {
    const cwd = project({});
    const code = `import { env, pool } from ${product};
      console.log(env, await pool.query("select 1").catch((error) => error.message));`;
    const { status, stdout } = await node(cwd, code, {});
    expect(stdout.trim()).toBe("development there is no database to connect to: set DATABASE_URL");
    expect(status).toBe(0);
  });

  test("a script ends when its work is done, without closing the pool", async () => {
    const cwd = project({});
    const code = `import { pool } from ${product};
      console.log((await pool.query("select 1 as one")).rows[0].one);`;
    const { status, stdout } = await node(cwd, code, { DATABASE_URL: database.url });
    expect(stdout.trim()).toBe("1");
    expect(status).toBe(0);
  });
});

test("a server without TLS that sslmode asks for is one line", async () => {
  const { code, said } = await refused({}, `${database.url}?sslmode=require`);
  expect(code).toBe(69);
  expect(said).toContain("sslmode");
});

test("an sslmode that nobody knows is refused", async () => {
  const { code, said } = await refused({}, `${database.url}?sslmode=bogus`);
  expect(code).toBe(78);
  expect(said).toContain("verify-full");
});
