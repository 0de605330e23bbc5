import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";
import pg, { Pool as NamedPool } from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  collectPoolReports,
  instrumentForeignPools,
  warmForeignPools,
} from "../../src/worker/measure.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { createPool, createProxy, endPools, failureOf, reportOf, until } from "./pool-support.js";

type PoolClass = typeof pg.Pool;

const require = createRequire(import.meta.url);
const isFunction = (value: unknown): value is (...values: unknown[]) => unknown =>
  typeof value === "function";
const isPoolClass = (value: unknown): value is PoolClass => typeof value === "function";
const hasPool = (value: unknown): value is { Pool: PoolClass } =>
  typeof value === "object" && value !== null && "Pool" in value && isPoolClass(value.Pool);

function poolClassOf(value: unknown): PoolClass {
  if (hasPool(value)) return value.Pool;
  if (isPoolClass(value)) return value;
  throw new TypeError("no pool class");
}

/** As a second copy of pg in the tree would be. */
function anotherCopy(): PoolClass {
  for (const path of Object.keys(require.cache)) {
    if (/[\\/]pg(?:-pool)?[\\/]/.test(path)) Reflect.deleteProperty(require.cache, path);
  }
  return poolClassOf(require("pg"));
}

/** As a bundler would inline it: no module of that name is ever loaded. */
function inlined(): PoolClass {
  // The one that pg itself brings.
  const path = createRequire(require.resolve("pg")).resolve("./../../pg-pool");
  const code: unknown = runInThisContext(
    `(function (module, require) {${readFileSync(path, "utf8")}\n})`,
  );
  const module = { exports: {} };
  if (isFunction(code)) code(module, require);
  return poolClassOf(module.exports);
}

const before = { required: poolClassOf(require("pg")), inlined: inlined() };
const errors: string[] = [];
let database: TestDatabase;
let undo: () => void;
const open: pg.Pool[] = [];

beforeAll(async () => {
  database = await createDatabase();
  undo = instrumentForeignPools({
    max: 3,
    min: 2,
    acquireTimeoutMs: 5_000,
    applicationName: "tasks/worker 7",
    onIdleError: (pool, error) => errors.push(`${pool}: ${error.message}`),
  });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.end()));
  await endPools();
  await until(() => collectPoolReports().length === 0);
  errors.length = 0;
});

afterAll(async () => {
  undo();
  await database.drop();
});

function make(Pool: PoolClass, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new Pool({ connectionString: database.url, ...options });
  open.push(pool);
  return pool;
}

test("the first pool without sizes takes min and max, and is kept at min", async () => {
  const pool = make(pg.Pool);
  await warmForeignPools();
  expect(reportOf(database.name)).toMatchObject({
    min: 2,
    max: 3,
    total: 2,
    idle: 2,
    checkouts: 0,
  });
  const { rows } = await pool.query("select current_setting('application_name') as name");
  expect(rows).toEqual([{ name: "tasks/worker 7" }]);
});

test.each([
  ["imported", () => pg.Pool],
  ["imported by name", () => NamedPool],
  ["required before", () => before.required],
  ["required after, another copy", anotherCopy],
  ["bundled before", () => before.inlined],
  ["bundled after", inlined],
])("a pool of the application's own pg is measured and sized: %s", async (_how, find) => {
  const pool = make(find());
  await Promise.all(Array.from({ length: 6 }, () => pool.query("select 1")));
  const client = await pool.connect();
  client.release();
  expect(reportOf(database.name)).toMatchObject({
    max: 3,
    total: 3,
    checkouts: 7,
    queued: 3,
    waiting: 0,
  });
});

test("a class of the application that extends Pool is measured once", async () => {
  const traced = { connects: 0 };
  class Traced extends pg.Pool {}
  const inherited: unknown = Reflect.get(pg.Pool.prototype, "connect");
  Object.defineProperty(Traced.prototype, "connect", {
    value(this: pg.Pool, ...values: unknown[]): unknown {
      traced.connects += 1;
      return isFunction(inherited) ? Reflect.apply(inherited, this, values) : undefined;
    },
  });
  const pool = new Traced({ connectionString: database.url });
  open.push(pool);
  await pool.query("select 1");
  const client = await pool.connect();
  client.release();
  expect(traced.connects).toBe(2);
  expect(reportOf(database.name)).toMatchObject({ checkouts: 2 });
});

test("what the application sets itself stays", async () => {
  const pool = make(pg.Pool, { max: 1, application_name: "mine", connectionTimeoutMillis: 200 });
  const held = await pool.connect();
  const { rows } = await held.query("select current_setting('application_name') as name");
  expect(rows).toEqual([{ name: "mine" }]);
  const failure = await failureOf(pool.query("select 1"));
  expect(failure.message).toBe("timeout exceeded when trying to connect");
  held.release();
  expect(reportOf(database.name)).toMatchObject({ max: 1, timeouts: 1, checkouts: 1 });
});

test("a pool without a limit of its own takes acquire_timeout, and its error says what to do", async () => {
  const putBack = instrumentForeignPools({ max: 1, acquireTimeoutMs: 2_000 });
  const pool = make(pg.Pool);
  putBack();
  const held = await pool.connect();
  const failure = await failureOf(pool.connect());
  expect(failure).toMatchObject({ code: "POOL_TIMEOUT" });
  expect(failure.message).toMatch(/^timeout exceeded when trying to connect.*raise pool\.max/);
  held.release();
});

test("the limit covers onConnect too, which pg's own does not", async () => {
  const putBack = instrumentForeignPools({ max: 1, acquireTimeoutMs: 2_000 });
  let go: () => void = () => undefined;
  const hung = new Promise<void>((resolve) => (go = resolve));
  const pool = make(pg.Pool, { onConnect: (): unknown => hung });
  putBack();
  expect(await failureOf(pool.connect())).toMatchObject({ code: "POOL_TIMEOUT" });
  go();
  await pool.query("select 1");
  expect(reportOf(database.name)).toMatchObject({ timeouts: 1, active: 0, waiting: 0 });
});

test("an idle connection that ends kills nothing and is told", async () => {
  const proxy = await createProxy(database.url);
  const pool = new pg.Pool({ connectionString: proxy.url, max: 2 });
  await pool.query("select 1");
  await proxy.stop();
  await until(() => errors.length === 1);
  expect(errors[0]).toMatch(new RegExp(`^${database.name}: Connection terminated`));
  expect(await failureOf(pool.query("select 1"))).toMatchObject({ code: "ECONNREFUSED" });
  expect(await failureOf(pool.query("select 1"))).toMatchObject({ code: "DATABASE_LOST" });
  expect(reportOf(database.name)).toMatchObject({
    closed: { server: 1 },
    database: { state: "lost" },
  });
  await proxy.start();
  await until(() => reportOf(database.name).database.state === "connected");
  await pool.query("select 1");
  await pool.end();
  await proxy.close();
});

test("pools of one database are told apart, and many share a name", () => {
  const pools = Array.from({ length: 20 }, () => make(pg.Pool));
  const names = collectPoolReports().map(({ name }) => name);
  expect(new Set(names)).toEqual(
    new Set([
      database.name,
      ...Array.from({ length: 15 }, (_, at) => `${database.name}#${at + 2}`),
      "others",
    ]),
  );
  expect(pools).toHaveLength(20);
});

test("a pool that the application ends leaves the reports after its last", async () => {
  const pool = new pg.Pool({ connectionString: database.url });
  await pool.query("select 1");
  await pool.end();
  await until(() => collectPoolReports().length === 0);
});

test("a pool that is ended leaves its queued callers as pg does, and counts them no more", async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  const held = await pool.connect();
  let answered = false;
  pool.connect(() => (answered = true));
  expect(reportOf(database.name)).toMatchObject({ waiting: 1, active: 1 });
  const ended = pool.end();
  expect(reportOf(database.name)).toMatchObject({ waiting: 0, active: 1 });
  held.release();
  await ended;
  expect(answered).toBe(false);
});

test("the worker's own pool is not taken for the application's", async () => {
  const { pool } = createPool(database.url, { max: 2 });
  await pool.query("select 1");
  expect(collectPoolReports()).toMatchObject([{ name: "main", max: 2, checkouts: 1 }]);
});
