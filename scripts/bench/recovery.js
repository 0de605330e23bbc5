// kill -9 of the only worker until another one answers: the supervisor, with and without a warm spare,
// against 10 lines of node:cluster that fork again on exit. Then what their processes hold.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { printTable, ratioOf, spreadOf } from "./lib-report.js";
import { startBenchServer } from "./lib-postgres.js";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 15);
const root = join(import.meta.dirname, "..", "..");

const APP = `import { createServer } from "node:http";
createServer((_, response) => response.end(String(process.pid))).listen(process.env.PORT, "127.0.0.1");
`;
const BARE = `import cluster from "node:cluster";
cluster.setupPrimary({ exec: "app.mjs" });
for (let n = 0; n < Number(process.env.WEB_CONCURRENCY); n += 1) cluster.fork();
cluster.on("exit", () => cluster.fork());
process.on("SIGTERM", () => {
  for (const worker of Object.values(cluster.workers)) worker.process.kill();
  process.exit();
});
`;

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** The pid that answers, or 0. */
const answer = (/** @type {number} */ port) =>
  new Promise((/** @type {(pid: number) => void} */ resolve) => {
    const request = get({ port, host: "127.0.0.1", agent: new Agent() }, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += String(chunk)));
      response.once("error", () => resolve(0));
      response.once("end", () => resolve(Number(body)));
    });
    request.setTimeout(500, () => request.destroy(new Error("late")));
    request.once("error", () => resolve(0));
  });

async function another(/** @type {number} */ port, /** @type {number} */ than) {
  for (;;) {
    const pid = await answer(port);
    if (pid !== 0 && pid !== than) return pid;
    await after(1);
  }
}

/** @param {number} pid */
const rssOf = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

/** @typedef {{ name: string, args: string[], workers: number }} Side */

export default async function run() {
  const server = await startBenchServer();
  const folder = mkdtempSync(join(tmpdir(), "bench-recovery-"));
  const toml = (/** @type {number} */ spare) =>
    `[project]\nname = "bench"\n[app]\nentry = "app.mjs"\n[supervisor]\nmax_restarts = 10000\nrestart_window = "500ms"\nspare = ${spare}\n`;
  writeFileSync(join(folder, "app.mjs"), APP);
  writeFileSync(join(folder, "bare.mjs"), BARE);
  writeFileSync(join(folder, "dazzle.toml"), toml(0));
  writeFileSync(join(folder, "spare.toml"), toml(1));
  const url = await server.createDatabase("bench_recovery");
  const start = async (/** @type {Side} */ { args, workers }) => {
    const port = await freePort();
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: "ignore",
      env: {
        ...process.env,
        DATABASE_URL: url,
        DAZZLE_ENV: "production",
        DAZZLE_DB_POOL_MAX: "5",
        HOST: "127.0.0.1",
        PORT: String(port),
        WEB_CONCURRENCY: String(workers),
      },
    });
    await another(port, 0);
    return { child, port };
  };
  const end = async (/** @type {import("node:child_process").ChildProcess} */ child) => {
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  const supervise = join(root, "bin/supervise.js");
  const sides = [
    { name: "node:cluster", args: ["bare.mjs"], workers: 1 },
    { name: "supervise", args: [supervise], workers: 1 },
    { name: "supervise, spare = 1", args: [supervise, "--config", "spare.toml"], workers: 1 },
  ];
  try {
    /** @type {number[][]} */
    const times = sides.map(() => []);
    const running = [];
    for (const side of sides) running.push(await start(side));
    await after(2_000);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [index, { port }] of running.entries()) {
        const pid = await answer(port);
        const began = performance.now();
        process.kill(pid, "SIGKILL");
        await another(port, pid);
        times[index]?.push(performance.now() - began);
        // Until the next spare is there, and the delays between restarts have been forgotten.
        await after(700);
      }
    }
    for (const { child } of running) await end(child);
    const [bare = [], ours = [], spare = []] = times;
    printTable(
      ["kill -9 until another worker answers", "median ms", "min", "max"],
      sides.map(({ name }, index) => [name, ...spreadOf(times[index] ?? [])]),
    );
    console.log(
      `ratio ${ratioOf(ours, bare)} without a spare (must stay under 1.3), ${ratioOf(spare, bare)} with one`,
    );

    const rows = [];
    for (const side of [
      { name: "node:cluster", args: ["bare.mjs"], workers: 2 },
      { name: "supervise", args: [supervise], workers: 2 },
    ]) {
      const { child, port } = await start(side);
      await after(3_000);
      const worker = await answer(port);
      rows.push([side.name, rssOf(child.pid ?? 0).toFixed(1), rssOf(worker).toFixed(1)]);
      await end(child);
    }
    printTable(["RSS in MB", "primary", "worker"], rows);
  } finally {
    rmSync(folder, { recursive: true });
    await server.stop();
  }
}
