// What measuring adds to a checkout and to a query, resolved to a tenth of a microsecond on a machine
// that others use too: pg alone and measured pools in one process, each with a copy of pg to itself, in
// turns of half a millisecond, most of which nobody interrupts. Without BENCH_URL the server is a stream that
// answers by itself, so that nothing but the client's own work is in the figures; with it the turns are of
// some milliseconds against that server. A second pool of pg alone shows the noise. As JSON on stdout: of
// each pool's rounds the 1st percentile and the median, in microseconds for one operation.
// Arguments: connect | query | queued (16 at a time on 4 connections), rounds.
import { createRequire } from "node:module";
import { Duplex } from "node:stream";
import { isPool } from "../../../dist/worker/pools/internals.js";
import { register } from "../../../dist/worker/pools/registry.js";
import { measure } from "../../../dist/worker/pools/measured.js";
import { collectPoolReports } from "../../../dist/worker/measure.js";

const [operation = "query", rounds = "800"] = process.argv.slice(2);
const POOLS = ["bare", "bare again", "own", "foreign"];
const url = process.env["BENCH_URL"];
/** @type {Record<string, number>} */
const COUNTS = { connect: 400, query: 40, queued: 5 };
const COUNT = COUNTS[operation] ?? 40;
const MAX = 4;
/** Waiting all the time: four times as many as there are connections. */
const QUEUED = 4 * MAX;
const require = createRequire(import.meta.url);

/** A message of the protocol. @param {string} type @param {string} hexadecimal */
function message(type, hexadecimal) {
  const body = Buffer.from(hexadecimal.replaceAll(" ", ""), "hex");
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
const text = (/** @type {string} */ value) => Buffer.from(`${value}\0`).toString("hex");
const READY = message("Z", "49");
const WELCOME = Buffer.concat([message("R", "00000000"), READY]);
const ANSWER = Buffer.concat([
  message("T", `0001 ${text("n")} 00000000 0000 00000017 0004 ffffffff 0000`),
  message("D", "0001 00000001 31"),
  message("C", text("SELECT 1")),
  READY,
]);

class Server extends Duplex {
  greeted = false;
  connect() {
    process.nextTick(() => this.emit("connect"));
  }
  setNoDelay() {}
  ref() {}
  unref() {}
  /** @override @param {Buffer} data */
  write(data) {
    if (data[0] === 0x58) return true;
    const answer = this.greeted ? Buffer.from(ANSWER) : WELCOME;
    this.greeted = true;
    setImmediate(() => this.emit("data", answer));
    return true;
  }
  /** @override */
  end() {
    setImmediate(() => this.emit("close"));
    return this;
  }
  /** @override */
  destroy() {
    return this.end();
  }
  // What the client is to read is emitted at once.
  /** @override */
  _read() {}
}

/** @param {string} kind */
function makePool(kind) {
  for (const path of Object.keys(require.cache)) {
    if (/[\\/]pg(?:-pool|-protocol)?[\\/]/.test(path)) Reflect.deleteProperty(require.cache, path);
  }
  const { Pool } = require("pg");
  const who = { user: "bench", database: "bench", host: "bench", password: "" };
  const where =
    url === undefined
      ? { stream: () => new Server(), ssl: false, ...who }
      : { connectionString: url };
  const pool = new Pool({ max: MAX, min: MAX, ...where });
  if (kind.startsWith("bare")) return pool;
  if (!isPool(pool)) throw new TypeError("not a pool of pg");
  const { meter } = measure(pool, {
    ...{ name: kind, min: 0, maxLifetimeMs: 0, acquireTimeoutMs: 5_000, ownLimit: false },
    careful: kind === "own",
    onIdleError: () => undefined,
  });
  register({ pool: () => pool, meter, leakAfterMs: 60_000 });
  return pool;
}

const pools = POOLS.map((kind) => ({
  kind,
  pool: makePool(kind),
  /** @type {number[]} */ taken: [],
}));
setInterval(collectPoolReports, 1_000).unref();

/** @type {Record<string, (pool: import("pg").Pool) => Promise<unknown>>} */
const operations = {
  connect: async (pool) => (await pool.connect()).release(),
  query: (pool) => pool.query("select 1"),
  queued: (pool) => Promise.all(Array.from({ length: QUEUED }, () => pool.query("select 1"))),
};
const share = operation === "queued" ? QUEUED : 1;
const once = operations[operation] ?? operations["query"];

for (let turn = 0; turn < 150 + Number(rounds); turn += 1) {
  for (let place = 0; place < pools.length; place += 1) {
    // Nobody always comes after the same neighbour.
    const step = turn % 2 === 0 ? place : pools.length - place;
    const at = pools[(turn + step) % pools.length];
    if (at === undefined || once === undefined) continue;
    const began = performance.now();
    for (let count = 0; count < COUNT; count += 1) await once(at.pool);
    if (turn >= 150) at.taken.push(((performance.now() - began) * 1_000) / COUNT / share);
  }
}
const figures = pools.map(({ kind, taken }) => {
  const sorted = taken.sort((a, b) => a - b);
  const at = (/** @type {number} */ part) => sorted[Math.floor(sorted.length * part)];
  return [kind, { best: at(0.01), median: at(0.5) }];
});
process.stdout.write(JSON.stringify(Object.fromEntries(figures)));
process.exit();
