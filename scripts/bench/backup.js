// Backup and restore against what they replace, taking turns: pg_dump, a copy of the uploads and tar
// czf; and pg_restore -1 of the same dump. A first round looks at the memory of the whole process tree
// and at what the folder takes on disk, the others at wall time alone. BENCH_ROWS scales the database (default 200,000 rows, about 120
// MB; 3,000,000 make 1.2 GB), BENCH_SECONDS says when no further round is begun (default 300).
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { startBenchServer } from "./lib-postgres.js";

const ROUNDS = 3;
const LONGEST_MS = Number(process.env["BENCH_SECONDS"] ?? 300) * 1_000;
const LOOK_EVERY_MS = 20;
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

/** Resident memory of a process and its children, in MB. @param {number} pid @returns {number} */
function treeMb(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    const own = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
    if (children === "") return own;
    return children.split(" ").reduce((sum, child) => sum + treeMb(Number(child)), own);
  } catch {
    return 0;
  }
}

/** Bytes that the tree takes on disk. @param {string} folder @returns {number} */
function diskBytes(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name);
      return sum + (entry.isDirectory() ? diskBytes(path) : lstatSync(path).blocks * 512);
    }, 0);
  } catch {
    return 0;
  }
}

/**
 * @param {string} command @param {string} cwd @param {NodeJS.ProcessEnv} env
 * @param {boolean} looking at memory and disk, which takes time itself
 * @returns {Promise<{ seconds: number, memory: number, disk: number }>} the disk without what was there
 */
function timed(command, cwd, env, looking) {
  return new Promise((resolve, reject) => {
    const before = looking ? diskBytes(cwd) : 0;
    const start = performance.now();
    const child = spawn("/bin/sh", ["-c", `exec ${command}`], {
      cwd,
      env: { ...process.env, ...env, TMPDIR: cwd },
      stdio: ["ignore", "ignore", "inherit"],
    });
    let [memory, disk] = [0, 0];
    const look = setInterval(() => {
      if (!looking) return;
      memory = Math.max(memory, treeMb(child.pid ?? 0));
      disk = Math.max(disk, diskBytes(cwd) - before);
    }, LOOK_EVERY_MS);
    child.once("close", (code) => {
      clearInterval(look);
      if (code === 0) resolve({ seconds: (performance.now() - start) / 1000, memory, disk });
      else reject(new Error(`${command} ended with ${code}`));
    });
  });
}

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** @param {number} bytes */
const mb = (bytes) => `${(bytes / 1_000_000).toFixed(0)} MB`;

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
    /** @type {Record<string, { seconds: number[], memory: number, disk: number }>} */
    const found = {};
    let looking = true;
    const measure = async (
      /** @type {string} */ name,
      /** @type {string} */ command,
      /** @type {NodeJS.ProcessEnv} */ env,
    ) => {
      const { seconds, memory, disk } = await timed(command, folder, env, looking);
      found[name] ??= { seconds: [], memory: 0, disk: 0 };
      if (looking) Object.assign(found[name], { memory, disk });
      else found[name].seconds.push(seconds);
    };
    const started = performance.now();
    let archive = 1;
    for (let round = 0; round <= ROUNDS; round += 1) {
      if (round > 1 && performance.now() - started > LONGEST_MS) break;
      looking = round === 0;
      rmSync(join(folder, "b.tar.gz"), { force: true });
      await measure("create", create, { DATABASE_URL: source });
      archive = lstatSync(join(folder, "b.tar.gz")).size;
      rmSync(join(folder, "o.tar.gz"), { force: true });
      await measure("original's way", original, { U: source });
      execFileSync("tar", ["xzf", "b.tar.gz", "database.dump"], { cwd: folder });
      await measure("restore", restore, { DATABASE_URL: target });
      await query(target, "truncate customer, item");
      await measure("pg_restore -1", 'pg_restore -1 --data-only -d "$U" database.dump', {
        U: target,
      });
    }
    const all = Object.entries(found);
    console.log(`rounds: ${found["create"]?.seconds.length ?? 0}, archive: ${mb(archive)}`);
    for (const [name, { seconds, memory, disk }] of all) {
      console.log(
        `${name.padEnd(16)} ${median(seconds).toFixed(1)} s (${seconds.map((one) => one.toFixed(1)).join(", ")}), ` +
          `memory at most ${memory.toFixed(0)} MB, disk at most ${mb(disk)}`,
      );
    }
    /** @param {string} one @param {string} other */
    const ratio = (one, other) =>
      (median(found[one]?.seconds ?? []) / median(found[other]?.seconds ?? [])).toFixed(2);
    console.log(`create / original: ${ratio("create", "original's way")} (goal 0.45)`);
    console.log(`restore / pg_restore -1: ${ratio("restore", "pg_restore -1")} (goal 1.2)`);
    console.log(
      `disk of create / archive: ${((found["create"]?.disk ?? NaN) / archive).toFixed(2)} (goal 1.15)`,
    );
    const memory = Math.max(found["create"]?.memory ?? NaN, found["restore"]?.memory ?? NaN);
    console.log(`memory: ${memory.toFixed(0)} MB (goal 150)`);
    console.log(`left in the folder: ${readdirSync(folder).length} names`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await server.stop();
  }
}
