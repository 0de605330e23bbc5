#!/usr/bin/env node
// Migrations: the check that finds nothing, as a whole process, beside node-pg-migrate's on the same
// server; the plan after a change to one table; how both grow with the tables; and the longest stall
// of other queries while a large table changes. BENCH_ROWS sets the large table's rows (5,000,000),
// BENCH_PARTS which of `check`, `growth` and `load` run, BENCH_PAIRS the runs of each (15), BENCH_TABLES
// the sizes that `growth` compares.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPeer } from "./lib-migration-peer.js";
import { measureLoad } from "./lib-migration-load.js";
import { schemaOf, state, supervise, time } from "./lib-migration.js";
import { startBenchServer } from "./lib-postgres.js";
import { medianOf, printTable, ratioOf } from "./lib-report.js";

const ROWS = Number(process.env["BENCH_ROWS"] ?? 5_000_000);
const PAIRS = Number(process.env["BENCH_PAIRS"] ?? 15);
const SIZES = (process.env["BENCH_TABLES"] ?? "500,1000,2000,5000").split(",").map(Number);
const PARTS = (process.env["BENCH_PARTS"] ?? "check,growth,load").split(",");

const ms = (/** @type {number} */ value) => value.toFixed(0);

/** @typedef {Awaited<ReturnType<typeof startBenchServer>>} Server */

/** @param {Server} server @param {string} root */
async function check(server, root) {
  const folder = join(root, "peer");
  mkdirSync(folder);
  const peer = installPeer(folder);
  if (peer === null) console.log("node-pg-migrate could not be installed: ours alone");
  const rows = [];
  for (const tables of [100, 1_000]) {
    const url = await server.createDatabase(`check_${tables}`);
    state(root, schemaOf(tables));
    supervise(root, url);
    peer?.up(url);
    const [ours, theirs, node] = [[], [], []].map(() => /** @type {number[]} */ ([]));
    for (let pair = 0; pair < PAIRS; pair += 1) {
      ours?.push(time(() => supervise(root, url)));
      if (peer !== null) theirs?.push(time(() => peer.up(url)));
      node?.push(time(() => spawnSync(process.execPath, ["-e", "0"])));
    }
    const other =
      theirs?.length === 0
        ? ["", ""]
        : [ms(medianOf(theirs ?? [])), ratioOf(ours ?? [], theirs ?? [])];
    rows.push([`${tables} tables`, ms(medianOf(ours ?? [])), ...other, ms(medianOf(node ?? []))]);
  }
  printTable(
    ["nothing to do, ms", "supervise migrate", "node-pg-migrate up", "ratio", "node alone"],
    rows,
  );
}

/** @param {Server} server @param {string} root */
async function growth(server, root) {
  const rows = [];
  for (const tables of SIZES) {
    const url = await server.createDatabase(`growth_${tables}`);
    state(root, schemaOf(tables));
    const created = time(() => supervise(root, url));
    const nothing = [1, 2, 3].map(() => time(() => supervise(root, url)));
    state(root, schemaOf(tables, ", more int"));
    const plan = [1, 2, 3].map(() => time(() => supervise(root, url, "--dry-run")));
    const apply = time(() => supervise(root, url));
    rows.push([`${tables} tables`, ...[created, medianOf(nothing), medianOf(plan), apply].map(ms)]);
  }
  printTable(["ms", "created", "nothing to do", "plan after one change", "applied"], rows);
}

export default async function run() {
  const server = await startBenchServer();
  const root = mkdtempSync(join(tmpdir(), "bench-migration-"));
  try {
    if (PARTS.includes("check")) await check(server, root);
    if (PARTS.includes("growth")) await growth(server, root);
    if (PARTS.includes("load")) {
      const report = await measureLoad(root, await server.createDatabase("bench_load"), ROWS);
      printTable(
        [`${ROWS.toLocaleString("en")} rows, ms`, "took", "longest read", "longest write"],
        report,
      );
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
    await server.stop();
  }
}
