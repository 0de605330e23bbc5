import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { cleanEnvironment, freePort, launch, PROGRAM, project } from "../support/supervisor.js";

const REPOSITORY = join(import.meta.dirname, "..", "..");

const SERVER = `const express = require("express");
const { Pool } = require("pg");
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.get("/", async (request, response) => {
  const { rows } = await pool.query("SELECT current_setting('application_name') AS name");
  response.json(rows[0]);
});
app.listen(process.env.PORT || 3000);
`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const supervise = (cwd: string, ...args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { cwd, env: cleanEnvironment() };
    execFile(process.execPath, [PROGRAM, ...args], options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(error.message, { cause: error }));
    });
  });

it("an existing Express server with pg is supervised, sized, migrated and measured unchanged", async () => {
  const folder = project({
    "package.json": JSON.stringify({ name: "shop", dependencies: { express: "*", pg: "*" } }),
    "server.js": SERVER,
  });
  symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  const said: unknown = JSON.parse(await supervise(folder, "init", "--json"));
  expect(said).toMatchObject({ framework: "Express", entry: "server.js" });
  writeFileSync(join(folder, "schema.sql"), "CREATE TABLE item (id int PRIMARY KEY);\n");
  await supervise(folder, "init", "--force");
  expect(readFileSync(join(folder, "server.js"), "utf8")).toBe(SERVER);

  const port = await freePort();
  const running = launch({
    cwd: folder,
    args: ["--no-watch"],
    env: { PORT: String(port), DATABASE_URL: database.url, DAZZLE_DB_POOL_MAX: "3" },
  });
  await running.waitFor("supervisor.ready");
  expect(await running.waitFor("migrate.done")).toMatchObject({ applied: 1 });
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(`http://127.0.0.1:${port}/`)).json()),
  );
  expect(answers).toHaveLength(20);
  const { pool } = await nextReport(folder);
  expect(pool.max).toBe(3);
  expect(pool.checkouts).toBeGreaterThanOrEqual(20);
  await running.end();
});

it("an unchanged `new Pool()` finds the embedded server in development", async () => {
  const folder = project({
    "package.json": JSON.stringify({ name: "shop", dependencies: { express: "*", pg: "*" } }),
    "server.js": SERVER.replace("{ connectionString: process.env.DATABASE_URL }", ""),
    "schema.sql": "CREATE TABLE item (id int PRIMARY KEY);\n",
  });
  symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  await supervise(folder, "init");
  const port = await freePort();
  const running = launch({ cwd: folder, args: ["--no-watch"], env: { PORT: String(port) } });
  await running.waitFor("supervisor.ready");
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  expect([answer.status, await answer.json()]).toEqual([200, { name: "shop/worker 1" }]);
  await running.end();
});

interface Measured {
  readonly pool: { readonly max: number; readonly checkouts: number };
}

const isMeasured = (value: unknown): value is Measured =>
  typeof value === "object" && value !== null && "pool" in value;

/** Workers report once a second; asks until the checkouts are in. */
async function nextReport(folder: string): Promise<Measured> {
  for (;;) {
    const status: unknown = JSON.parse(await supervise(folder, "status", "--json"));
    if (isMeasured(status) && status.pool.checkouts >= 20) return status;
  }
}
