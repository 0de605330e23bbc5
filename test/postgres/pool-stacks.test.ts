/**
 * Failures and leaks lead to the place that asked. Stacks are rationed (src/worker/pools/site.ts), so
 * these tests have a process to themselves.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { createPool, endPools, failureOf, reportOf, until } from "./pool-support.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterEach(endPools);
afterAll(() => database.drop());

const make = (settings = {}) => createPool(database.url, settings);

async function forgetful(pool: ReturnType<typeof make>["pool"]) {
  const client = await pool.connect();
  return client;
}

test("a checkout that gets nothing in time is rejected with the pool, its size and who waits", async () => {
  const { pool } = make({ max: 1, acquireTimeoutMs: 2_000 });
  const held = await pool.connect();
  const failures = await Promise.all([
    failureOf(pool.query("select 1")),
    failureOf(pool.connect()),
  ]);
  for (const failure of failures) {
    expect(failure).toMatchObject({ name: "PoolError", code: "POOL_TIMEOUT" });
    expect(failure.message).toMatch(
      /pool "main" within 2s; all 1 are in use.* \d callers wait\. .*raise pool\.max/,
    );
    expect(failure.stack).toContain("pool-stacks.test");
  }
  held.release();
  await pool.query("select 1");
  const { timeouts, checkouts, lastTimeout, waiting } = reportOf();
  expect({ timeouts, checkouts, waiting }).toEqual({ timeouts: 2, checkouts: 2, waiting: 0 });
  expect(lastTimeout).toContain("main");
});

test("a connection held too long is told once, with the place that took it", async () => {
  const { pool } = make({ leakAfterMs: 30 });
  const client = await forgetful(pool);
  let leaks = reportOf().leaks;
  await until(() => {
    leaks = reportOf().leaks;
    return leaks.length > 0;
  });
  expect(leaks).toHaveLength(1);
  expect(leaks[0]?.heldMs).toBeGreaterThanOrEqual(30);
  expect(leaks[0]?.stack?.split("\n")[0]).toContain("forgetful");
  expect(reportOf().leaks).toEqual([]);
  client.release();
});

test("a leak is told with its place however many queries go before it", async () => {
  const { pool } = make({ leakAfterMs: 30 });
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(Array.from({ length: 200 }, () => pool.query("select 1")));
  }
  const client = await forgetful(pool);
  await until(() => {
    // On a busy machine a query may be held for as long.
    return reportOf().leaks.some(({ stack }) => stack?.includes("forgetful"));
  });
  client.release();
});
