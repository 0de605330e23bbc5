// The longest stall of any other query while a column and an index are added to a large table.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { program, state, supervise } from "./lib-migration.js";

const CLIENTS = 8;
const HELD_MS = 5_000;

/** @param {string} url */
async function connect(url) {
  const client = new pg.Client(url);
  await client.connect();
  return client;
}

/** Reads and writes single rows until told to stop. @param {string} url @param {number} rows */
function startLoad(url, rows) {
  let running = true;
  const longest = { read: 0, write: 0 };
  const clients = Array.from({ length: CLIENTS }, async (_, at) => {
    const client = await connect(url);
    const kind = at % 2 === 0 ? "read" : "write";
    const sql =
      kind === "read"
        ? "select a from big where id = $1"
        : "update big set a = a + 1 where id = $1";
    while (running) {
      const started = performance.now();
      await client.query(sql, [Math.ceil(Math.random() * rows)]);
      longest[kind] = Math.max(longest[kind], performance.now() - started);
    }
    await client.end();
  });
  return {
    longest,
    async stop() {
      running = false;
      await Promise.all(clients);
    },
  };
}

/** @param {string} root @param {string} url */
async function migrate(root, url) {
  const started = performance.now();
  const child = spawn(process.execPath, [program, "--log-level", "error", "migrate"], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error(`supervise migrate ended with ${status}`);
  return performance.now() - started;
}

const columns = (/** @type {number} */ n) =>
  Array.from({ length: n }, (_, at) => `, b${at} int not null default 5`).join("");
const indexes = (/** @type {number} */ n) =>
  Array.from({ length: n }, (_, at) => `create index on big (b${at}, a);`).join("\n");

/** One row of the report for each scenario. @param {string} root @param {string} url @param {number} rows */
export async function measureLoad(root, url, rows) {
  state(root, "create table big (id bigint primary key, a int);");
  supervise(root, url);
  const setup = await connect(url);
  await setup.query("insert into big select g, g from generate_series(1, $1) g", [rows]);
  await setup.query("vacuum analyze big");
  await setup.query("checkpoint");
  await setup.end();
  const report = [];
  const scenarios = [
    { name: "nothing", change: false, held: "" },
    { name: "a column and an index", change: true, held: "" },
    { name: "the same, a reader's transaction open for 5 s", change: true, held: "select" },
    { name: "the same, a writer's transaction open for 5 s", change: true, held: "update" },
  ];
  let n = 0;
  for (const { name, change, held } of scenarios) {
    if (change) n += 1;
    state(root, `create table big (id bigint primary key, a int${columns(n)});\n${indexes(n)}`);
    const holder = await connect(url);
    await holder.query("begin");
    if (held === "select") await holder.query("select * from big where id = 0");
    if (held === "update") await holder.query("update big set a = 0 where id = 0");
    const load = startLoad(url, rows);
    const work = change ? migrate(root, url) : sleep(HELD_MS, HELD_MS);
    if (held !== "") await sleep(HELD_MS);
    await holder.query("commit");
    const took = await work;
    await load.stop();
    await holder.end();
    report.push([
      name,
      ...[took, load.longest.read, load.longest.write].map((ms) => ms.toFixed(0)),
    ]);
  }
  return report;
}
