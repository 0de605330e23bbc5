/** What applications do wrong with a pool: each costs its caller an error, and the pool goes on. */
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { createPool, endPools, failureOf, reportOf, until } from "./pool-support.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterEach(endPools);
afterAll(() => database.drop());

const make = (settings = {}) => createPool(database.url, { max: 1, ...settings }).pool;

/** Only one connection: a place that was lost would keep this waiting. */
async function expectServing(pool: ReturnType<typeof make>): Promise<void> {
  await pool.query("select 1");
  expect(reportOf()).toMatchObject({ active: 0, waiting: 0 });
}

test("a connection that is ended instead of released keeps no place", async () => {
  const pool = make();
  const client = await pool.connect();
  await client.end();
  client.release();
  await expectServing(pool);
});

test("a connection that is ended in the middle of a query keeps no place", async () => {
  const pool = make();
  const client = await pool.connect();
  const cut = failureOf(client.query("select pg_sleep(60)"));
  await client.end();
  await cut;
  client.release();
  await expectServing(pool);
});

test("a connection that the server ends in the middle of a query keeps no place, however late it is released", async () => {
  const pool = make();
  const other = createPool(database.url, { name: "other" }).pool;
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const ended = new Promise((resolve) => client.once("end", resolve));
  const cut = failureOf(client.query("select pg_sleep(60)"));
  await other.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
  await cut;
  await ended;
  await turn();
  client.release();
  await expectServing(pool);
});

test("a query after the release is the next caller's neighbour, and counts nothing twice", async () => {
  const pool = make();
  const client = await pool.connect();
  client.release();
  const late = client.query("select 2 as n");
  const { rows } = await pool.query("select 1 as n");
  expect([rows, (await late).rows]).toEqual([[{ n: 1 }], [{ n: 2 }]]);
  const { checkouts, use, active } = reportOf();
  expect({ checkouts, uses: use.count, active }).toEqual({ checkouts: 2, uses: 2, active: 0 });
});

test("a transaction that begins after the release is not the next caller's for long", async () => {
  const pool = make();
  const client = await pool.connect();
  client.release();
  await client.query("begin");
  const next = await pool.connect();
  next.release();
  const { rows } = await pool.query("select now() = statement_timestamp() as own");
  expect(rows).toEqual([{ own: true }]);
  expect(reportOf()).toMatchObject({ returnedInTransaction: 1 });
});

test("an error that is thrown in a caller's callback is the process's, and the pool goes on", async () => {
  const pool = make();
  await pool.query("select 1");
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  try {
    const thrown = new Promise((resolve) => process.once("uncaughtException", resolve));
    pool.connect((_error, client, release) => {
      release();
      throw new Error(`of the application, ${client === undefined ? "without" : "with"} a client`);
    });
    expect(String(await thrown)).toBe("Error: of the application, with a client");
  } finally {
    for (const listener of before) process.on("uncaughtException", listener);
  }
  await expectServing(pool);
});

test("a caller that has timed out is not handed the connection that comes later", async () => {
  const pool = make({ acquireTimeoutMs: 2_000 });
  const held = await pool.connect();
  const failure = await failureOf(pool.connect());
  expect(failure).toMatchObject({ code: "POOL_TIMEOUT" });
  held.release();
  await until(() => pool.idleCount === 1);
  await expectServing(pool);
});

test("ending twice is refused as pg does it, using an ended pool too", async () => {
  const pool = make();
  await pool.query("select 1");
  await pool.end();
  expect((await failureOf(pool.end())).message).toMatch(/more than once/);
  expect((await failureOf(pool.query("select 1"))).message).toMatch(/after calling end/);
});

test("a connection that ends itself from within its own transaction is replaced", async () => {
  const pool = make({ min: 1 });
  const client = await pool.connect();
  await client.query("begin");
  const cut = failureOf(client.query("select pg_terminate_backend(pg_backend_pid())"));
  await cut;
  client.release();
  await expectServing(pool);
});
