// Launch to the first 200 with nothing to migrate, on a schema of 100 tables: the whole main job
// against a bare node:cluster script that opens the same pool. The two sides alternate.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printTable, ratioOf, spreadOf } from "./lib-report.js";
import { startBenchServer } from "./lib-postgres.js";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 11);
const WORKERS = 2;
const POOL_MIN = 2;
const root = join(import.meta.dirname, "..", "..");

const schema = Array.from(
  { length: 100 },
  (
    _,
    n,
  ) => `CREATE TABLE t${n} (id bigint PRIMARY KEY, a text, b int NOT NULL DEFAULT 0, c timestamptz);
CREATE INDEX t${n}_a ON t${n} (a); CREATE INDEX t${n}_b ON t${n} (b, c);`,
).join("\n");

const APP = `export default () => (request, response) => response.end("ok");\n`;

// The fifteen lines that people write without a supervisor.
const BARE = `import cluster from "node:cluster";
import { createServer } from "node:http";
import pg from ${JSON.stringify(import.meta.resolve("pg"))};
if (cluster.isPrimary) {
  for (let n = 0; n < ${WORKERS}; n += 1) cluster.fork();
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill();
    process.exit();
  });
} else {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
  const clients = await Promise.all(Array.from({ length: ${POOL_MIN} }, () => pool.connect()));
  for (const client of clients) client.release();
  createServer((request, response) => response.end("ok")).listen(process.env.PORT, "127.0.0.1");
}
`;

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

const answers = (/** @type {number} */ port) =>
  new Promise((resolve) => {
    get({ port, host: "127.0.0.1", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once("error", () => resolve(false));
  });

/** Milliseconds from spawn until the first 200. */
async function launch(
  /** @type {string[]} */ args,
  /** @type {string} */ folder,
  /** @type {string} */ url,
) {
  const port = await freePort();
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: "ignore",
    env: { ...process.env, DATABASE_URL: url, PORT: String(port), HOST: "127.0.0.1" },
  });
  const ended = once(child, "exit");
  let serving = false;
  while (!serving && child.exitCode === null) {
    serving = await answers(port);
    if (!serving) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const took = performance.now() - started;
  child.kill("SIGTERM");
  await ended;
  if (!serving) throw new Error(`${args.join(" ")} ended before it served`);
  return took;
}

export default async function run() {
  const server = await startBenchServer();
  const folder = mkdtempSync(join(tmpdir(), "bench-startup-"));
  try {
    writeFileSync(join(folder, "package.json"), `{"type":"module"}`);
    writeFileSync(join(folder, "app.js"), APP);
    writeFileSync(join(folder, "bare.js"), BARE);
    writeFileSync(join(folder, "schema.sql"), schema);
    writeFileSync(
      join(folder, "dazzle.toml"),
      `[project]\nname = "bench"\nframework_version = "~0.1"\n[app]\nentry = "app.js"\n[pool]\nmin = ${POOL_MIN}\nmax = 10\n`,
    );
    const ours = [
      join(root, "bin/supervise.js"),
      "--env",
      "production",
      "--workers",
      String(WORKERS),
    ];
    const url = await server.createDatabase("bench_startup");
    await launch(ours, folder, url);
    await launch(["bare.js"], folder, url);
    /** @type {{ ours: number[], bare: number[] }} */
    const times = { ours: [], bare: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      times.ours.push(await launch(ours, folder, url));
      times.bare.push(await launch(["bare.js"], folder, url));
    }
    printTable(
      ["launch to first 200", "median ms", "min", "max"],
      [
        ["supervise", ...spreadOf(times.ours)],
        ["bare node:cluster", ...spreadOf(times.bare)],
      ],
    );
    console.log(`ratio ${ratioOf(times.ours, times.bare)} (median of pairs; must stay under 2.5)`);
  } finally {
    rmSync(folder, { recursive: true });
    await server.stop();
  }
}
