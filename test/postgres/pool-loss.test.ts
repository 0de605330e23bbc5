import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
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

test("a lost database: checkouts fail at once with a clear error, and all recovers by itself", async () => {
  const worker = createPool(proxy.url, { min: 2, max: 4 });
  const { pool } = worker;
  await worker.warm();
  expect(reportOf().database).toMatchObject({ state: "connected", error: null });

  await proxy.stop();
  await until(() => reportOf().database.state === "lost");
  const failures = await Promise.all(
    Array.from({ length: 200 }, () => failureOf(pool.query("select 1"))),
  );
  for (const failure of failures) {
    expect(failure).toMatchObject({ code: "DATABASE_LOST" });
    expect(failure.message).toMatch(/has not been reachable for .*ECONNREFUSED/);
  }
  expect(reportOf().waiting).toBe(0);

  await proxy.start();
  await until(() => pool.idleCount === 2);
  await pool.query("select 1");
  const { database: state, waiting, active } = reportOf();
  expect({ state: state.state, waiting, active }).toEqual({
    state: "connected",
    waiting: 0,
    active: 0,
  });
});

test("callers that wait when the database is lost are told so", async () => {
  const { pool } = createPool(proxy.url, { max: 1 });
  const held = await pool.connect();
  const waiting = [failureOf(pool.connect()), failureOf(pool.query("select 1"))];
  await proxy.stop();
  held.release(true);
  for (const failure of await Promise.all(waiting)) {
    expect(["DATABASE_LOST", "ECONNREFUSED"]).toContain(failure.code);
  }
});

test("a lost database is found again even where no connection is kept open", async () => {
  const { pool } = createPool(proxy.url, { min: 0 });
  await proxy.stop();
  await failureOf(pool.query("select 1"));
  expect(reportOf().database.state).toBe("lost");
  await proxy.start();
  await until(() => reportOf().database.state === "connected");
  await pool.query("select 1");
});

test("dead connections are replaced after a failover before anybody meets one", async () => {
  const worker = createPool(proxy.url, { min: 4, max: 4 });
  await worker.warm();
  let replaced = 0;
  worker.pool.on("connect", () => (replaced += 1));
  await proxy.stop();
  await proxy.start();
  await until(() => replaced === 4);
  await Promise.all(Array.from({ length: 20 }, () => worker.pool.query("select 1")));
  expect(reportOf()).toMatchObject({ closed: { server: 4 }, checkouts: 20, timeouts: 0 });
});

test("a server that takes connections and never answers keeps nobody for longer than the limit", async () => {
  proxy.freeze();
  const { pool } = createPool(proxy.url, { max: 1, acquireTimeoutMs: 300 });
  const failure = await failureOf(pool.connect());
  expect(["POOL_TIMEOUT", "DATABASE_LOST"]).toContain(failure.code);
  await until(() => pool.totalCount === 0);
  proxy.thaw();
  await until(async () => {
    try {
      await pool.query("select 1");
      return true;
    } catch {
      return false;
    }
  });
  expect(reportOf().database.state).toBe("connected");
});
