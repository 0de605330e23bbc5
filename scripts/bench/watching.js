// From saving a file of the tasks example to the first answer of the new code, in development with
// watching on, as a person meets it: one worker, a change every half a second and more.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { printTable, spreadOf } from "./lib-report.js";
import { startBenchServer } from "./lib-postgres.js";

const SAVES = Number(process.env["BENCH_ROUNDS"] ?? 15);
const PAUSE_MS = 700;
const root = join(import.meta.dirname, "..", "..");

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The body of an answer, empty when there is none. @param {number} port @returns {Promise<string>} */
const read = (port) =>
  new Promise((resolve) => {
    get({ port, path: "/health", host: "127.0.0.1", agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve(text));
      response.on("error", () => resolve(""));
    }).once("error", () => resolve(""));
  });

export default async function run() {
  const server = await startBenchServer();
  const folder = mkdtempSync(join(tmpdir(), "bench-watching-"));
  try {
    cpSync(join(root, "examples/tasks"), folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), `{"type":"module"}`);
    const file = join(folder, "app.js");
    const source = readFileSync(file, "utf8");
    const port = await freePort();
    const child = spawn(
      process.execPath,
      [join(root, "bin/supervise.js"), "--log-format", "json"],
      {
        cwd: folder,
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          ...process.env,
          DAZZLE_ENV: "development",
          DATABASE_URL: await server.createDatabase("bench_watching"),
          PORT: String(port),
        },
      },
    );
    const ended = once(child, "exit");
    /** When each event was last heard of. @type {Map<string, number>} */
    const heard = new Map();
    /** @type {(() => void) | null} */
    let onReady = null;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes("TRACE")) console.log(line.slice(0, 300));
      /** @type {unknown} */
      const record = JSON.parse(line);
      if (typeof record !== "object" || record === null || !("event" in record)) return;
      heard.set(String(record.event), performance.now());
      if (record.event === "supervisor.ready") onReady?.();
    });
    await new Promise((resolve) => (onReady = () => resolve(undefined)));
    await sleep(1_000);
    /** @type {Record<string, number[]>} */
    const times = { "seen by": [], "forked by": [], "ready by": [], "answered by": [] };
    for (let save = 1; save <= SAVES; save += 1) {
      await sleep(PAUSE_MS);
      const saved = performance.now();
      writeFileSync(file, source.replace("ok: true", `ok: true, save: ${save}`));
      while (!(await read(port)).includes(`"save":${save},`)) await sleep(2);
      const answered = performance.now();
      await sleep(50);
      times["seen by"]?.push((heard.get("watch.changed") ?? NaN) - saved);
      times["forked by"]?.push((heard.get("worker.forked") ?? NaN) - saved);
      times["ready by"]?.push((heard.get("worker.ready") ?? NaN) - saved);
      times["answered by"]?.push(answered - saved);
    }
    child.kill("SIGTERM");
    await ended;
    printTable(
      ["milliseconds after saving", "median", "min", "max"],
      Object.entries(times).map(([name, values]) => [name, ...spreadOf(values)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
    await server.stop();
  }
}
