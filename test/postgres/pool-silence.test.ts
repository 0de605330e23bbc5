/** Connections that fall silent without an end: told from queries that take long, and replaced. */
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { collectPoolReports, instrumentForeignPools } from "../../src/worker/measure.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { startPooler } from "../support/transaction-pooler.js";
import {
  createPool,
  createProxy,
  endPools,
  failureOf,
  reportOf,
  until,
  type Proxy,
} from "./pool-support.js";

let database: TestDatabase;
let proxy: Proxy;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  proxy = await createProxy(database.url);
});
afterEach(async () => {
  await endPools();
  await proxy.close();
});
afterAll(() => database.drop());

/** As the worker does it each second, only more often. */
async function watched<T>(promise: Promise<T>): Promise<T> {
  let settled = false;
  const end = (): void => {
    settled = true;
  };
  promise.then(end, end);
  await until(() => {
    collectPoolReports();
    return settled;
  });
  return promise;
}

test("a server that falls silent: queries under way fail, then all fail at once, and all recovers", async () => {
  const worker = createPool(proxy.url, { min: 2, max: 2, acquireTimeoutMs: 500 });
  const { pool } = worker;
  await worker.warm();
  proxy.freeze();
  const failures = await watched(
    Promise.all([1, 2, 3, 4].map(() => failureOf(pool.query("select 1")))),
  );
  for (const { code, message } of failures) {
    expect(["DATABASE_LOST", "POOL_TIMEOUT"]).toContain(code);
    expect(message).toMatch(/has not answered for 2\.5s|not been reachable|within 500ms/);
  }
  expect(failures.map(({ code }) => code)).toContain("DATABASE_LOST");
  expect(await failureOf(pool.query("select 1"))).toMatchObject({ code: "DATABASE_LOST" });
  expect(reportOf().database).toMatchObject({ state: "lost" });

  proxy.thaw();
  await until(() => reportOf().database.state === "connected");
  await pool.query("select 1");
});

test("connections left behind by a failover are replaced, idle ones too, while new ones work", async () => {
  const worker = createPool(proxy.url, { min: 4, max: 4, acquireTimeoutMs: 500 });
  const { pool } = worker;
  await worker.warm();
  proxy.strand();
  const failure = await watched(failureOf(pool.query("select 1")));
  expect(failure).toMatchObject({ code: "DATABASE_LOST" });
  await until(() => pool.idleCount === 4);
  await Promise.all(Array.from({ length: 20 }, () => pool.query("select 1")));
  expect(reportOf().database.state).toBe("connected");
});

test("a pool that is full of stranded queries is freed", async () => {
  const worker = createPool(proxy.url, { min: 2, max: 2, acquireTimeoutMs: 500 });
  const { pool } = worker;
  await worker.warm();
  proxy.strand();
  const failures = await watched(
    Promise.all([failureOf(pool.query("select 1")), failureOf(pool.query("select 2"))]),
  );
  for (const failure of failures) expect(failure).toMatchObject({ code: "DATABASE_LOST" });
  await pool.query("select 1");
});

test("queries that take long are left alone, in a full pool too, and max holds", async () => {
  const { pool } = createPool(database.url, { min: 2, max: 2, acquireTimeoutMs: 1_500 });
  const { pool: other } = createPool(database.url, { name: "other" });
  let most = 0;
  const count = async (): Promise<void> => {
    const { rows } = await other.query<{ open: number }>(
      "select count(*)::int as open from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    most = Math.max(most, rows[0]?.open ?? 0);
  };
  let done = false;
  const long = Promise.all([
    pool.query("select pg_sleep(4)"),
    pool.query("select pg_sleep(4)"),
  ]).finally(() => (done = true));
  await until(async () => {
    collectPoolReports();
    await count();
    return done;
  });
  await long;
  expect(most).toBe(2);
});

test("behind a pooler nobody is taken for dead", async () => {
  const pooler = await startPooler(database.url, {
    size: 2,
    mode: "transaction",
    order: "last-used",
  });
  const { pool } = createPool(pooler.url, { max: 3, acquireTimeoutMs: 1_500 });
  await pool.query("select 1");
  await watched(pool.query("select pg_sleep(4)"));
  await endPools();
  await pooler.close();
});

test("a pool of the application's own is watched alike", async () => {
  const undo = instrumentForeignPools({ max: 2, acquireTimeoutMs: 2_000 });
  const pool = new pg.Pool({ connectionString: proxy.url });
  undo();
  await pool.query("select 1");
  proxy.strand();
  expect(await watched(failureOf(pool.query("select 1")))).toMatchObject({
    code: "DATABASE_LOST",
  });
  await pool.query("select 1");
  await pool.end();
  await until(() => collectPoolReports().length === 0);
});
