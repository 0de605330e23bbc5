// What measuring costs a checkout: bare pg against the worker's own pool and against a pool of the
// application's own pg: first in interleaved rounds against a real server, each in a process of its own,
// then in turns within one process, which resolves what those cannot (pool/paired.js), against the
// server and without a network.
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

/** @param {string | undefined} url Without one there is no network. */
async function paired(url) {
  const where = url === undefined ? "the client's own work, without a network" : "in one process";
  console.log(`\n${where}: microseconds, and against pg alone, best of rounds and median`);
  for (const operation of url === undefined
    ? ["connect", "query", "queued"]
    : ["query", "queued"]) {
    const { stdout } = await execute(process.execPath, [PAIRED, operation], {
      env: url === undefined ? process.env : { ...process.env, BENCH_URL: url },
    });
    /** @type {Record<string, { best: number, median: number }>} */
    const { bare = { best: NaN, median: NaN }, ...others } = JSON.parse(stdout);
    const more = (/** @type {number} */ taken, /** @type {number} */ than) =>
      `${taken >= than ? "+" : ""}${(taken - than).toFixed(2)} (${((taken / than - 1) * 100).toFixed(1)} %)`;
    const against = Object.entries(others).map(
      ([kind, { best, median }]) =>
        `${kind} ${more(best, bare.best)}, ${more(median, bare.median)}`,
    );
    console.log(
      `${operation.padEnd(9)} bare ${bare.best.toFixed(2)}, ${bare.median.toFixed(2)}  ${against.join("  ")}`,
    );
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
    await paired(server.url);
  } finally {
    await server.stop();
  }
  await paired(undefined);
}
