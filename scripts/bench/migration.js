#!/usr/bin/env node
// Migrations: the check that finds nothing, as a whole process, at 100 and 1,000 tables; the plan
// after a change to one of them; and the longest stall of other queries while a column and an index
// are added to a large table that another transaction holds.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startBenchServer } from "./lib-postgres.js";

const program = join(import.meta.dirname, "../../bin/supervise.js");
const ROWS = Number(process.env["BENCH_ROWS"] ?? 1_000_000);

/** @param {number} tables @param {string} more */
const schemaOf = (tables, more = "") =>
  Array.from(
    { length: tables },
    (_, at) => `create table t${at} (id bigint generated always as identity primary key,
      a text not null default 'x', b bigint ${at > 0 ? `references t${at - 1} (id)` : ""}, c numeric(10,2),
      d timestamptz default now(), e int, f int, g text, h varchar(20), i jsonb ${at === 0 ? more : ""});
      create index on t${at} (a); create index on t${at} (b, e);`,
  ).join("\n");

/** Milliseconds. @param {() => unknown} work */
const time = (work) => {
  const started = performance.now();
  work();
  return Math.round(performance.now() - started);
};

/** @param {string} root @param {string} url @param {string[]} args */
const supervise = (root, url, ...args) =>
  spawnSync(process.execPath, [program, "--log-level", "error", "migrate", ...args], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url },
    stdio: ["ignore", "ignore", "inherit"],
  });

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** @param {string} url @param {string} root */
async function stalls(url, root) {
  const setup = new pg.Client(url);
  await setup.connect();
  writeFileSync(join(root, "schema.sql"), "create table big (id bigint primary key, a int);");
  supervise(root, url);
  await setup.query("insert into big select g, g from generate_series(1, $1) g", [ROWS]);
  await setup.query("analyze big");
  let longest = 0;
  let running = true;
  const load = Array.from({ length: 8 }, async (_, at) => {
    const client = new pg.Client(url);
    await client.connect();
    while (running) {
      const started = performance.now();
      const id = Math.ceil(Math.random() * ROWS);
      await (at % 2 === 0
        ? client.query("select a from big where id = $1", [id])
        : client.query("update big set a = a + 1 where id = $1", [id]));
      longest = Math.max(longest, performance.now() - started);
    }
    await client.end();
  });
  const holder = new pg.Client(url);
  await holder.connect();
  await holder.query("begin");
  await holder.query("select * from big limit 1");
  writeFileSync(
    join(root, "schema.sql"),
    "create table big (id bigint primary key, a int, b int not null default 5); create index on big (a, b);",
  );
  const { spawn } = await import("node:child_process");
  const started = performance.now();
  const child = spawn(process.execPath, [program, "--log-level", "error", "migrate"], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url },
    stdio: "inherit",
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  await holder.query("commit");
  await ended;
  const took = performance.now() - started;
  running = false;
  await Promise.all(load);
  await Promise.all([holder.end(), setup.end()]);
  console.log(
    `${ROWS.toLocaleString("en")} rows, held for 5 s: done after ${Math.round(took)} ms, longest stall of another query ${Math.round(longest)} ms`,
  );
}

export default async function run() {
  const server = await startBenchServer();
  const root = mkdtempSync(join(tmpdir(), "bench-migration-"));
  const state = (/** @type {string} */ sql) => writeFileSync(join(root, "schema.sql"), sql);
  try {
    for (const tables of [100, 1_000]) {
      const url = await server.createDatabase(`bench_${tables}`);
      state(schemaOf(tables));
      const first = time(() => supervise(root, url));
      const nothing = Array.from({ length: 5 }, () => time(() => supervise(root, url)));
      const node = Array.from({ length: 5 }, () =>
        time(() => spawnSync(process.execPath, ["-e", "0"])),
      );
      state(schemaOf(tables, ", more int"));
      const plan = time(() => supervise(root, url, "--dry-run"));
      console.log(
        `${tables} tables: created in ${first} ms, nothing to do ${median(nothing)} ms (node alone ${median(node)} ms), plan after one change ${plan} ms`,
      );
    }
    await stalls(await server.createDatabase("bench_load"), root);
  } finally {
    rmSync(root, { recursive: true, force: true });
    await server.stop();
  }
}
