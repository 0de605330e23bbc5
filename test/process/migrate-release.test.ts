/** Migrations around a release: where they run, what they say meanwhile, and how they end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { cleanEnvironment, freePort, launch, project, PROGRAM } from "../support/supervisor.js";
import { startPooler } from "../support/transaction-pooler.js";

const SCHEMA = "create table t (id int primary key, a int);\n";
const FILES = {
  "dazzle.toml":
    '[project]\nname = "release"\n[app]\nentry = "app.mjs"\nworkers = 1\n[database]\nrevisions = "."\n',
  "app.mjs": `export default ({ pool }) => async (request, response) => {
    const { fields } = await pool.query("select * from t");
    response.end(fields.map(({ name }) => name).join());
  };\n`,
  "schema.sql": SCHEMA,
};

let database: TestDatabase;
let session: Session;
beforeEach(async () => {
  database = await createDatabase();
  session = await connect(database.url);
});
afterEach(async () => {
  await session.end();
  await database.drop();
});

async function run(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const program = launch({ cwd, args, env: { DATABASE_URL: database.url, ...env } });
  const { code } = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

test("a release runs the revisions and the rest of the schema, and the web process finds nothing to do", async () => {
  const production = { DAZZLE_ENV: "production", DAZZLE_DB_POOL_MIN: "1", DAZZLE_DB_POOL_MAX: "2" };
  const first = project(FILES);
  expect(await run(first, ["migrate"], production)).toMatchObject({ code: 0 });
  const next = project({
    ...FILES,
    "schema.sql": "create table t (id int primary key, b int, c int default 7);\n",
    "1_b.sql": "-- migrate:up\nalter table t rename a to b;\n",
  });
  const port = ["--port", String(await freePort())];
  // Before the release neither the web process nor an apply may go past the rename that waits.
  for (const args of [["serve", ...port], ["migrate"]]) {
    const refused = await run(next, args, production);
    expect(refused.code).toBe(78);
    expect(refused.stderr).toContain("supervise db upgrade");
  }
  expect(await run(next, ["db", "upgrade"], production)).toMatchObject({ code: 0 });
  expect(await run(next, ["migrate"], production)).toMatchObject({ code: 0 });
  const web = launch({
    cwd: next,
    args: ["serve", ...port, "--log-format", "json"],
    env: { DATABASE_URL: database.url, ...production },
  });
  const { url } = await web.waitFor("supervisor.ready");
  expect(web.events()).not.toContain("migrate.step");
  const address = new URL(String(url));
  address.hostname = "127.0.0.1";
  expect(await (await fetch(address)).text()).toBe("id,b,c");
  expect(await web.end()).toMatchObject({ code: 0 });
});

test("behind a transaction pooler locks and changes go by the direct URL, queries by the pooler", async () => {
  const pooler = await startPooler(database.url, {
    size: 2,
    order: "in-turns",
    mode: "transaction",
  });
  const cwd = project({ ...FILES, "1_b.sql": "-- migrate:up\nalter table t add b int;\n" });
  const through = { DATABASE_URL: pooler.url };
  for (const args of [["migrate"], ["db", "upgrade"], ["db", "current"]]) {
    const refused = await run(cwd, args, through);
    expect(refused.code, args.join(" ")).toBe(78);
    expect(refused.stderr).toContain("DATABASE_DIRECT_URL");
  }
  const both = { ...through, DATABASE_DIRECT_URL: database.url };
  expect(await run(cwd, ["db", "upgrade"], both)).toMatchObject({ code: 0 });
  expect(await run(cwd, ["migrate"], both)).toMatchObject({ code: 0 });
  const web = launch({
    cwd,
    args: ["serve", "--no-watch", "--port", String(await freePort()), "--log-format", "json"],
    env: { ...both, DAZZLE_DB_POOL_MIN: "1", DAZZLE_DB_POOL_MAX: "2" },
  });
  const { url } = await web.waitFor("supervisor.ready");
  const address = new URL(String(url));
  address.hostname = "127.0.0.1";
  expect(await (await fetch(address)).text()).toBe("id,a,b");
  expect(await web.end()).toMatchObject({ code: 0 });
  expect(await session.query("select 1 from pg_locks where locktype = 'advisory'")).toEqual([]);
  await pooler.close();
});

test("an index that takes its time is told on stderr, with its phase and whom it waits for", async () => {
  await session.query(`${SCHEMA} insert into t values (1, 1)`);
  const writer = await connect(database.url, "test/writer");
  await writer.query("begin; update t set a = 2");
  const cwd = project({ ...FILES, "schema.sql": `${SCHEMA} create index t_a on t (a);` });
  const child = spawn(process.execPath, [PROGRAM, "migrate", "--json"], {
    cwd,
    env: { ...cleanEnvironment(), DATABASE_URL: database.url },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  let told = "";
  for await (const line of createInterface({ input: child.stderr })) {
    if (!line.includes("waiting for writers")) continue;
    told = line;
    break;
  }
  child.stderr.resume();
  expect(told).toContain("add_index t_a");
  expect(told).toContain(`waiting for pid ${writer.backendPid}`);
  const closed = once(child, "close");
  await writer.query("commit");
  await writer.end();
  expect(await closed).toEqual([0, null]);
  expect(JSON.parse(stdout)).toMatchObject({ applied: [{ operation: "add_index" }], unsafe: [] });
});

test.each([
  [
    "rows that a constraint forbids",
    65,
    "create table t (id int primary key, a int check (a > 0));",
  ],
  ["a statement that schema files may not hold", 65, "drop table t;"],
  ["no SQL at all", 65, "create tabel t;"],
])(
  "%s end migrate with a code of their own, one line, and no question",
  async (_name, code, sql) => {
    await session.query(`${SCHEMA} insert into t values (1, -1)`);
    const cwd = project({ ...FILES, "schema.sql": sql });
    const done = await run(cwd, ["migrate"], {});
    expect(done.code).toBe(code);
    expect(done.stderr.split("\n").filter((line) => line.startsWith("supervise: "))).toHaveLength(
      1,
    );
    expect(done.stdout).toBe("");
  },
);
