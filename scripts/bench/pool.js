// What measuring costs a checkout: bare pg against the worker's own pool and against a pool of the
// application's own pg: first in interleaved rounds against a real server, each in a process of its own,
// then in one process without a network, which resolves what those cannot (pool/paired.js).
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { startBenchServer } from "./lib-postgres.js";

const KINDS = ["bare", "own", "foreign"];
const OPERATIONS = ["connect", "callback", "query"];
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 9);
const ROUND_MS = 400;
const SCRIPT = join(import.meta.dirname, "pool", "round.js");
const PAIRED = join(import.meta.dirname, "pool", "paired.js");
const execute = promisify(execFile);

/** @param {string} url @param {string} kind @param {string} operation @returns {Promise<number>} */
async function round(url, kind, operation) {
  const { stdout } = await execute(process.execPath, [SCRIPT, kind, operation, String(ROUND_MS)], {
    env: { ...process.env, BENCH_URL: url },
  });
  return JSON.parse(stdout).microseconds;
}

/** @param {number[]} values @param {number} share */
const quantile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.round((values.length - 1) * share)] ?? NaN;

async function paired() {
  console.log("\nthe client's own work, without a network: microseconds, and against pg alone");
  for (const operation of ["connect", "query"]) {
    const { stdout } = await execute(process.execPath, [PAIRED, operation]);
    const { bare, ...others } = JSON.parse(stdout);
    const against = Object.entries(others).map(
      ([kind, taken]) => `${kind} ${(taken - bare >= 0 ? "+" : "") + (taken - bare).toFixed(2)}`,
    );
    console.log(`${operation.padEnd(9)} bare ${bare.toFixed(2)}  ${against.join("  ")}`);
  }
}

export default async function run() {
  const server = await startBenchServer();
  try {
    console.log("CPU microseconds a checkout; best, median and quartiles of", ROUNDS, "rounds\n");
    for (const operation of OPERATIONS) {
      /** @type {Map<string, number[]>} */
      const taken = new Map(KINDS.map((kind) => [kind, []]));
      for (let turn = 0; turn < ROUNDS; turn += 1) {
        for (const kind of KINDS) taken.get(kind)?.push(await round(server.url, kind, operation));
      }
      const bare = Math.min(...(taken.get("bare") ?? []));
      for (const [kind, values] of taken) {
        const best = Math.min(...values);
        const more = `${(best - bare >= 0 ? "+" : "") + (best - bare).toFixed(2)} us, ${((best / bare - 1) * 100).toFixed(1)} %`;
        console.log(
          `${operation.padEnd(9)} ${kind.padEnd(8)} best ${best.toFixed(2)}  median ${quantile(values, 0.5).toFixed(2)}` +
            ` (${quantile(values, 0.25).toFixed(2)} to ${quantile(values, 0.75).toFixed(2)})  best against bare ${more}`,
        );
      }
    }
  } finally {
    await server.stop();
  }
  await paired();
}
