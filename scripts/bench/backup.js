// Backup and restore against what they replace: pg_dump, a copy of the uploads and tar czf; and
// pg_restore -1 of the same dump. Wall time, and peak memory of the program itself. BENCH_ROWS scales
// the database (default 200,000 rows, about 120 MB; 3,000,000 make 1.2 GB).
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { startBenchServer } from "./lib-postgres.js";

const ROUNDS = 3;
const ROWS = Number(process.env["BENCH_ROWS"] ?? 200_000);
const PROGRAM = join(dirname(dirname(import.meta.dirname)), "bin/supervise.js");

const SCHEMA = `
  create table customer (id int primary key, email text not null unique, meta jsonb);
  create table item (id int primary key, customer int not null references customer (id), payload text);
  create index on item (customer)`;
const FILL = `
  insert into customer select g, 'user' || g || '@example.org', jsonb_build_object('a', md5(g::text))
    from generate_series(1, ${ROWS / 10}) g;
  insert into item select g, 1 + g % ${ROWS / 10}, repeat(md5(g::text), 6) from generate_series(1, ${ROWS}) g;
  analyze`;

/** @param {string} url @param {string} sql */
async function query(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** @param {number | undefined} pid */
function residentMb(pid) {
  try {
    const line = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/);
    return Number(line?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** @param {string} command @param {string} cwd @param {NodeJS.ProcessEnv} env */
function timed(command, cwd, env) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn("/bin/sh", ["-c", `exec ${command}`], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    let peak = 0;
    const look = setInterval(() => (peak = Math.max(peak, residentMb(child.pid))), 50);
    child.once("close", (code) => {
      clearInterval(look);
      if (code === 0) resolve({ seconds: (performance.now() - start) / 1000, peak });
      else reject(new Error(`${command} ended with ${code}`));
    });
  });
}

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

export default async function run() {
  const server = await startBenchServer();
  const folder = mkdtempSync(join(tmpdir(), "supervise-bench-"));
  try {
    const source = await server.createDatabase("bench_source");
    const target = await server.createDatabase("bench_target");
    await query(source, SCHEMA);
    await query(source, FILL);
    await query(target, SCHEMA);
    writeFileSync(join(folder, "dazzle.toml"), `[project]\nname = "bench"\n`);
    mkdirSync(join(folder, "uploads"));
    for (let at = 0; at < ROWS / 2_000; at += 1) {
      writeFileSync(join(folder, "uploads", `f${at}`), randomBytes(200_000));
    }
    const create = `${process.execPath} ${PROGRAM} backup create --output b.tar.gz`;
    const original =
      "sh -c 'mkdir t && pg_dump --data-only -f t/d.sql \"$U\" && cp -r uploads t && tar czf o.tar.gz t && rm -rf t'";
    const restore = `${process.execPath} ${PROGRAM} backup restore --from b.tar.gz --force --yes --log-level error`;
    /** @type {Record<string, { seconds: number[], peak: number[] }>} */
    const found = {};
    const measure = async (
      /** @type {string} */ name,
      /** @type {string} */ command,
      /** @type {NodeJS.ProcessEnv} */ env,
    ) => {
      const { seconds, peak } = await timed(command, folder, env);
      found[name] ??= { seconds: [], peak: [] };
      found[name].seconds.push(seconds);
      found[name].peak.push(peak);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      await measure("create", create, { DATABASE_URL: source });
      await measure("original's way", original, { U: source });
      execFileSync("tar", ["xzf", "b.tar.gz", "database.dump"], { cwd: folder });
      await measure("restore", restore, { DATABASE_URL: target });
      await query(target, "truncate customer, item");
      await measure("pg_restore -1", 'pg_restore -1 --data-only -d "$U" database.dump', {
        U: target,
      });
    }
    for (const [name, { seconds, peak }] of Object.entries(found)) {
      console.log(
        `${name.padEnd(16)} ${median(seconds).toFixed(1)} s, ${median(peak).toFixed(0)} MB`,
      );
    }
    console.log(
      `create / original: ${(median(found["create"]?.seconds ?? []) / median(found["original's way"]?.seconds ?? [])).toFixed(2)} (goal 0.45)`,
    );
    console.log(
      `restore / pg_restore -1: ${(median(found["restore"]?.seconds ?? []) / median(found["pg_restore -1"]?.seconds ?? [])).toFixed(2)} (goal 1.2)`,
    );
    console.log(`left in the folder: ${readdirSync(folder).length} names`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await server.stop();
  }
}
