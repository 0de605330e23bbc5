// One round in a process of its own: the CPU time that one checkout takes, as JSON on stdout. CPU
// time, since a clock on the wall would measure the other processes of a busy machine too.
// Arguments: bare | own | foreign, connect | callback | query, milliseconds.
import pg from "pg";

const [kind = "bare", operation = "connect", milliseconds = "300"] = process.argv.slice(2);
const url = process.env["BENCH_URL"] ?? "";
const max = 4;

async function makePool() {
  if (kind === "own") {
    const { createWorkerPool } = await import("../../../dist/worker/pool.js");
    const own = createWorkerPool({
      url,
      min: 1,
      max,
      acquireTimeoutMs: 5_000,
      maxLifetimeMs: 1_800_000,
      idleTimeoutMs: 10_000,
      applicationName: "bench/worker 1",
      leakAfterMs: 60_000,
    });
    return own.pool;
  }
  if (kind === "foreign") {
    const { instrumentForeignPools } = await import("../../../dist/worker/measure.js");
    instrumentForeignPools({ max, applicationName: "bench/worker 1" });
  }
  return new pg.Pool({ connectionString: url, max, min: 1 });
}

const pool = await makePool();

const operations = {
  async connect() {
    const client = await pool.connect();
    client.release();
  },
  callback: () =>
    new Promise((resolve, reject) => {
      pool.connect((error, _client, release) => {
        release();
        if (error) reject(error);
        else resolve(undefined);
      });
    }),
  query: () => pool.query("select 1"),
};
const once = operations[/** @type {keyof typeof operations} */ (operation)];

/** @param {number} ms */
async function run(ms) {
  const began = performance.now();
  const before = process.cpuUsage();
  let count = 0;
  while (performance.now() - began < ms) {
    for (let batch = 0; batch < 50; batch += 1) await once();
    count += 50;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

await run(Number(milliseconds));
const microseconds = await run(Number(milliseconds));
process.stdout.write(JSON.stringify({ microseconds }));
await pool.end();
