// The four measures of every way in which connections can reach workers, interleaved: in each round
// every candidate once, in random order. ROUNDS, WORKERS, KINDS (comma-separated) may be set.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { printTable, spreadOf } from "../lib-report.js";
import { even, hang, kill, throughput } from "./measures.js";

const [major = 0] = process.versions.node.split(".").map(Number);
const KINDS = ["cluster rr", "cluster none", "own dispatch", "shared", "balanced"].concat(
  major >= 24 ? ["reusePort"] : [],
);

/** @param {string} kind @param {(server: import("./measures.js").Running) => Promise<T>} measure @template T */
async function withServer(kind, measure) {
  const folder = mkdtempSync(join(tmpdir(), "distribution-"));
  const begun = join(folder, "begun");
  const env = { WORKERS: "4", ...process.env, KIND: kind, BEGUN: begun };
  const child = spawn(process.execPath, [join(import.meta.dirname, "server.js")], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await once(createInterface(child.stdout), "line");
    const [port = 0, ...pids] = String(line).split(" ").slice(1).map(Number);
    return await measure({ port, pids, primary: child.pid ?? 0, begun });
  } finally {
    child.kill();
    await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

export default async function run() {
  const rounds = Number(process.env["ROUNDS"] ?? 5);
  const kinds = process.env["KINDS"]?.split(",") ?? KINDS;
  /** @type {Map<string, Record<string, number>[]>} */
  const results = new Map(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of [...kinds].sort(() => Math.random() - 0.5)) {
      const steady = await withServer(kind, async (server) => ({
        ...(await throughput(server, 2_000)),
        ...(await even(server)),
      }));
      const killed = await withServer(kind, kill);
      const hung = await withServer(kind, hang);
      results.get(kind)?.push({ ...steady, ...killed, stalled: hung.stalled, p99: hung.p99 });
    }
  }
  const cell = (/** @type {Record<string, number>[]} */ all, /** @type {string} */ name) => {
    const [median, least, greatest] = spreadOf(all.map((one) => one[name] ?? NaN));
    return `${median} (${least}-${greatest})`;
  };
  const columns = [
    ["requests/s", "perSecond"],
    ["per CPU s", "perCpuSecond"],
    ["failed", "failed"],
    ["even: 200 asking", "requests"],
    ["even: 200 at once", "burst"],
    ["even: 200 singly", "single"],
    ["kill: stranded", "stranded"],
    ["reset", "reset"],
    ["of them not begun", "resetUnbegun"],
    ["hang: stalled", "stalled"],
    ["p99 ms", "p99"],
  ];
  printTable(
    [`Node ${process.versions.node}`, ...columns.map(([title = ""]) => title)],
    [...results].map(([kind, all]) => [kind, ...columns.map(([, name = ""]) => cell(all, name))]),
  );
}
