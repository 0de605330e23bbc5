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
  `id bigint primary key, a int${Array.from({ length: n }, (_, at) => `, b${at} int not null default 5`).join("")}`;
const indexes = (/** @type {number} */ n) =>
  Array.from({ length: n }, (_, at) => `create index on big (b${at});`).join("\n");

/**
 * Built outside the shared buffers, which PostgreSQL 15 writes to the disk in one go at its end: commits
 * wait for the same disk meanwhile, whoever builds it.
 */
const LARGE = "create index large on big (a, id)";

/** @param {string} url */
async function buildByItself(url) {
  const client = await connect(url);
  const started = performance.now();
  await client.query(LARGE.replace("index", "index concurrently"));
  const took = performance.now() - started;
  await client.query("drop index concurrently large");
  await client.end();
  return took;
}

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
  const small = () => {
    n += 1;
    state(root, `create table big (${columns(n)});\n${indexes(n)}`);
    return migrate(root, url);
  };
  const large = () => {
    state(root, `create table big (${columns(n)});\n${indexes(n)}\n${LARGE};`);
    return migrate(root, url);
  };
  const scenarios = [
    { name: "nothing", work: () => sleep(HELD_MS, HELD_MS), held: "" },
    { name: "a column and an index on it", work: small, held: "" },
    { name: "the same, a reader's transaction open for 5 s", work: small, held: "select" },
    { name: "the same, a writer's transaction open for 5 s", work: small, held: "update" },
    { name: "an index of 100 MB by a bare statement", work: () => buildByItself(url), held: "" },
    { name: "the same by a migration", work: large, held: "" },
  ];
  let n = 0;
  for (const { name, work, held } of scenarios) {
    const holder = await connect(url);
    await holder.query("begin");
    if (held === "select") await holder.query("select * from big where id = 0");
    if (held === "update") await holder.query("update big set a = 0 where id = 0");
    const load = startLoad(url, rows);
    const working = work();
    if (held !== "") await sleep(HELD_MS);
    await holder.query("commit");
    const took = await working;
    await load.stop();
    await holder.end();
    report.push([
      name,
      ...[took, load.longest.read, load.longest.write].map((ms) => ms.toFixed(0)),
    ]);
  }
  return report;
}
