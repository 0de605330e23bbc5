import { once } from "node:events";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Session } from "../../src/postgres/session.js";
import { collectPoolReports } from "../../src/worker/measure.js";
import { connect, createDatabase, urlOf, type TestDatabase } from "../support/database.js";
import { createPool, endPools, failureOf, reportOf, until } from "./pool-support.js";

let database: TestDatabase;
let observer: Session;

beforeAll(async () => {
  database = await createDatabase();
  observer = await connect(database.url);
});

afterEach(endPools);

afterAll(async () => {
  await observer.end();
  await database.drop();
});

const make = (settings = {}) => createPool(database.url, settings);

async function backends(name = "tasks/worker 1"): Promise<number> {
  const rows = await observer.query<{ open: number }>(
    "select count(*)::int as open from pg_stat_activity where datname = current_database() and application_name = $1",
    [name],
  );
  return rows[0]?.open ?? 0;
}

const terminateAll = () =>
  observer.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'tasks/worker 1'",
  );

test("warming opens min connections, under the worker's name", async () => {
  const worker = make({ min: 2, max: 3 });
  await worker.warm();
  expect(await backends()).toBe(2);
  expect(reportOf()).toMatchObject({ total: 2, idle: 2, created: 2, checkouts: 0 });
});

test("warming rejects with the database's own error", async () => {
  const worker = createPool(database.url.replace(database.name, "no_such_database"), { min: 1 });
  expect(await failureOf(worker.warm())).toMatchObject({ code: "3D000" });
});

test("query and connect, with callbacks and promises, are all counted", async () => {
  const { pool } = make();
  await pool.query("select 1");
  await new Promise<void>((resolve, reject) => {
    pool.query("select 1", (error: Error | undefined) => (error ? reject(error) : resolve()));
  });
  const client = await pool.connect();
  client.release();
  await new Promise<void>((resolve, reject) => {
    pool.connect((error, _client, release) => {
      release();
      if (error) reject(error);
      else resolve();
    });
  });
  const { checkouts, wait, use, active, waiting } = reportOf();
  expect({ checkouts, wait: wait.count, use: use.count, active, waiting }).toEqual({
    checkouts: 4,
    wait: 4,
    use: 4,
    active: 0,
    waiting: 0,
  });
});

test("waits and holds have the lengths that the caller sees", async () => {
  const { pool } = make({ max: 1 });
  const first = await pool.connect();
  const asked = performance.now();
  const second = pool.connect().then((client) => {
    const waited = performance.now() - asked;
    client.release();
    return waited;
  });
  await first.query("select pg_sleep(0.2)");
  first.release();
  const waited = await second;
  const { wait, use } = reportOf();
  expect(wait.max / waited).toBeCloseTo(1, 1);
  expect(use.max).toBeGreaterThan(195);
});

test("callers whose connection is being opened wait too, and those of one tick are told apart", () => {
  const { pool } = make({ max: 2 });
  const asked = Array.from({ length: 5 }, () => pool.connect());
  expect(reportOf()).toMatchObject({ waiting: 5, queued: 3, peak: 5, active: 0 });
  return Promise.all(asked.map((one) => one.then((client) => client.release())));
});

test("an idle connection is its caller's at once, and a callback is called in a later tick", async () => {
  const { pool } = make({ max: 2 });
  await pool.query("select 1");
  const order: string[] = [];
  const handed = new Promise<void>((resolve) => {
    pool.connect((_error, _client, release) => {
      order.push("handed over");
      release();
      resolve();
    });
  });
  order.push("asked");
  expect(pool.idleCount).toBe(0);
  await handed;
  expect(order).toEqual(["asked", "handed over"]);
  expect(reportOf()).toMatchObject({ checkouts: 2, created: 1, active: 0, waiting: 0 });
});

test("a query that is awaited is sent at once; one with a callback answers in a later tick, even what can't be sent", async () => {
  const { pool } = make({ max: 1 });
  await pool.query("select 1");
  const order: string[] = [];
  const asked = pool.query("select 'a' as it").then(({ rows }) => order.push(JSON.stringify(rows)));
  const told = new Promise<void>((resolve) => {
    pool.query("select 'b' as it", (_error, { rows }) => {
      order.push(JSON.stringify(rows));
      resolve();
    });
  });
  await Promise.all([asked, told]);
  expect(order).toEqual(['[{"it":"a"}]', '[{"it":"b"}]']);
  const untyped = (...values: unknown[]): unknown => {
    const query: unknown = Reflect.get(pool, "query");
    return typeof query === "function" ? Reflect.apply(query, pool, values) : undefined;
  };
  const refused = new Promise<void>((resolve) => {
    untyped(null, (error: Error) => {
      order.push(error.message);
      resolve();
    });
  });
  order.push("asked");
  await refused;
  expect(order[2]).toBe("asked");
  expect(order[3]).toMatch(/null/);
  await expect(untyped(null)).rejects.toThrow(/null/);
  expect(reportOf()).toMatchObject({ active: 0, waiting: 0 });
});

test("checkouts that are used again keep their figures apart", async () => {
  const { pool } = make({ max: 3 });
  for (let round = 0; round < 50; round += 1) {
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    expect(new Set(clients).size).toBe(3);
    const queued = pool.connect();
    for (const client of clients) client.release();
    (await queued).release();
  }
  const { checkouts, wait, use, active, waiting, queued } = reportOf();
  expect({ checkouts, waits: wait.count, uses: use.count }).toEqual({
    checkouts: 200,
    waits: 200,
    uses: 200,
  });
  expect({ active, waiting, queued }).toEqual({ active: 0, waiting: 0, queued: 50 });
});

test("max is never exceeded, and every caller is served", async () => {
  const { pool } = make({ min: 1, max: 3 });
  let most = 0;
  pool.on("connect", () => (most = Math.max(most, pool.totalCount)));
  await Promise.all(Array.from({ length: 60 }, () => pool.query("select pg_sleep(0.002)")));
  expect(most).toBe(3);
  expect(await backends()).toBe(3);
  expect(reportOf()).toMatchObject({ checkouts: 60, created: 3, waiting: 0 });
});

test("thousands that gave up waiting don't stand in the way of those who come after", async () => {
  const { pool } = make({ max: 1, acquireTimeoutMs: 2_000 });
  const held = await pool.connect();
  const waiting = Array.from({ length: 20_000 }, () => failureOf(pool.connect()));
  for (const failure of await Promise.all(waiting)) expect(failure.code).toBe("POOL_TIMEOUT");
  held.release();
  await pool.query("select 1");
  expect(reportOf().timeouts).toBe(20_000);
});

test("a connection that is released inside a transaction is rolled back before it is handed on", async () => {
  const { pool } = make({ max: 1 });
  await pool.query("create table if not exists kept (n int)");
  const careless = await pool.connect();
  await careless.query("begin");
  await careless.query("set search_path = nowhere");
  await careless.query("insert into public.kept values (1)");
  careless.release();
  const { rows } = await pool.query(
    "select count(*)::int as rows, current_setting('search_path') as path from kept",
  );
  expect(rows).toEqual([{ rows: 0, path: '"$user", public' }]);
  expect(reportOf()).toMatchObject({ returnedInTransaction: 1, created: 1, closed: {} });
});

test("a failed transaction is rolled back too", async () => {
  const { pool } = make({ max: 1 });
  const careless = await pool.connect();
  await careless.query("begin");
  expect(await failureOf(careless.query("select 1/0"))).toMatchObject({ code: "22012" });
  careless.release();
  await pool.query("select 1");
  expect(reportOf()).toMatchObject({ returnedInTransaction: 1, created: 1 });
});

test("a COMMIT that nobody awaited is let finish", async () => {
  const { pool } = make({ max: 1 });
  await pool.query("create table if not exists committed (n int)");
  const hasty = await pool.connect();
  await hasty.query("begin");
  await hasty.query("insert into committed values (1)");
  const commit = hasty.query("commit");
  hasty.release();
  await commit;
  const { rows } = await pool.query("select n from committed");
  expect(rows).toEqual([{ n: 1 }]);
  expect(reportOf()).toMatchObject({ returnedInTransaction: 0, created: 1 });
});

test("a refused statement costs no connection, an error of the application does", async () => {
  const { pool } = make({ max: 1 });
  expect(await failureOf(pool.query("select 1/0"))).toMatchObject({ code: "22012" });
  await pool.query("select 1");
  expect(reportOf()).toMatchObject({ created: 1, closed: {} });
  const client = await pool.connect();
  const removed = once(pool, "remove");
  client.release(new Error("do not reuse"));
  await removed;
  expect(reportOf()).toMatchObject({ closed: { released: 1 } });
});

test("releasing twice throws, as in pg", async () => {
  const { pool } = make();
  const client = await pool.connect();
  client.release();
  expect(() => client.release()).toThrow(/already been released/);
});

test("idle connections that the server ends are replaced up to min, and nothing dies", async () => {
  const errors: Error[] = [];
  const worker = make({ min: 2, onIdleError: (error: Error) => errors.push(error) });
  await worker.warm();
  await terminateAll();
  await until(() => errors.length === 2);
  await until(() => worker.pool.idleCount === 2);
  expect(await backends()).toBe(2);
  await worker.pool.query("select 1");
  expect(reportOf()).toMatchObject({ created: 4, closed: { server: 2 }, checkouts: 1 });
});

test("a connection that ends in the application's hands fails its next query, and nothing dies", async () => {
  const { pool } = make({ max: 1 });
  const held = await pool.connect();
  await terminateAll();
  await until(async () => (await backends()) === 0);
  expect((await failureOf(held.query("select 1"))).message).toMatch(/terminat|not queryable/i);
  held.release();
  await pool.query("select 1");
  expect(reportOf()).toMatchObject({ created: 2, closed: { server: 1 } });
});

test("connections are replaced at the end of their life, never all at once and never below min", async () => {
  const worker = make({ min: 3, max: 3, maxLifetimeMs: 400 });
  await worker.warm();
  const { pool } = worker;
  let least = 3;
  let created = 0;
  pool.on("remove", () => (least = Math.min(least, pool.totalCount)));
  pool.on("connect", () => (created += 1));
  await until(() => created >= 6);
  expect(least).toBeGreaterThanOrEqual(2);
  await until(() => pool.idleCount === 3);
  const { closed } = reportOf();
  expect(Object.keys(closed)).toEqual(["lifetime"]);
});

test("a connection in constant use is replaced when it is given back", async () => {
  const { pool } = make({ max: 1, maxLifetimeMs: 100 });
  let created = 0;
  pool.on("connect", () => (created += 1));
  while (created < 3) {
    await Promise.all([pool.query("select pg_sleep(0.01)"), pool.query("select 1")]);
  }
  expect(reportOf().closed["lifetime"]).toBeGreaterThanOrEqual(2);
});

test("idle connections above min are closed, those of min are kept", async () => {
  const worker = make({ min: 1, max: 4, idleTimeoutMs: 50 });
  let removed = 0;
  worker.pool.on("remove", () => (removed += 1));
  await Promise.all(Array.from({ length: 4 }, () => worker.pool.query("select pg_sleep(0.05)")));
  await until(() => removed === 3);
  expect(reportOf()).toMatchObject({ created: 4, closed: { idle: 3 }, total: 1 });
});

test("ending rejects those who wait, and waits for connections in use", async () => {
  const worker = make({ max: 1 });
  const held = await worker.pool.connect();
  const waiting = failureOf(worker.pool.connect());
  const ended = worker.end(10_000);
  expect(await waiting).toMatchObject({ code: "POOL_ENDED" });
  const { rows } = await held.query("select 1 as one");
  expect(rows).toEqual([{ one: 1 }]);
  held.release();
  await ended;
  expect(await backends()).toBe(0);
});

test("ending destroys what is still in use when its time is up", async () => {
  const worker = make({ max: 2 });
  const idle = await worker.pool.connect();
  const busy = await worker.pool.connect();
  const query = failureOf(busy.query("select pg_sleep(60)"));
  await worker.end(50);
  expect((await query).message).toMatch(/terminated/);
  expect(worker.pool.totalCount).toBe(0);
  idle.release();
  busy.release();
  // The next ones are told at once.
  expect((await failureOf(worker.pool.connect())).message).toMatch(/after calling end/);
});

test("a pool that the application itself has ended ends with the worker all the same", async () => {
  const worker = make();
  await worker.pool.query("select 1");
  await Promise.all([worker.pool.end(), worker.end(10_000)]);
  expect(collectPoolReports()).toMatchObject([{ total: 0, max: 0, closed: { shutdown: 1 } }]);
  expect(collectPoolReports()).toEqual([]);
});

/** Runs `work` as a role, with a limit that leaves room for `connections` of its own. */
async function limited(
  limit: "role" | "database",
  connections: number,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const { name } = database;
  await observer.query("create role unlucky login password 'secret'");
  // What an earlier test has closed may still be about to end, and would leave its place.
  await until(
    async () =>
      (
        await observer.query(
          "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
        )
      ).length === 0,
  );
  await observer.query(
    limit === "role"
      ? `alter role unlucky connection limit ${connections}`
      : `alter database "${name}" connection limit ${1 + connections}`,
  );
  try {
    await work(urlOf(name, { user: "unlucky", password: "secret" }));
  } finally {
    await endPools();
    await until(
      async () =>
        (await observer.query("select 1 from pg_stat_activity where usename = 'unlucky'"))
          .length === 0,
    );
    await observer.query(`alter database "${name}" connection limit -1`);
    await observer.query("drop role unlucky");
  }
}

test("a server that has no connection for the pool: callers get its error, counted by SQLSTATE", () =>
  limited("role", 0, async (url) => {
    const { pool } = createPool(url);
    expect(await failureOf(pool.query("select 1"))).toMatchObject({ code: "53300" });
    expect(reportOf()).toMatchObject({ connectErrors: { "53300": 1 }, waiting: 0, checkouts: 0 });
  }));

test.each(["role", "database"] as const)(
  "where the limit of the %s leaves fewer connections than max, callers share those that there are",
  (limit) =>
    limited(limit, 2, async (url) => {
      const { pool } = createPool(url, { max: 5 });
      // Attempts at the same moment can refuse one another: one connection is there in any case.
      await pool.query("select 1");
      const served = Array.from({ length: 30 }, () => pool.query("select pg_sleep(0.002)"));
      await Promise.all(served);
      const { checkouts, waiting, total, connectErrors } = reportOf();
      expect({ checkouts, waiting }).toEqual({ checkouts: 31, waiting: 0 });
      expect([1, 2]).toContain(total);
      expect(connectErrors["53300"]).toBeGreaterThan(0);
      // Not one attempt for each caller.
      expect(connectErrors["53300"]).toBeLessThan(10);
    }),
);

test("a time-out behind a refusing server says so", () =>
  limited("role", 1, async (url) => {
    const { pool } = createPool(url, { max: 3, acquireTimeoutMs: 2_000 });
    const held = await pool.connect();
    const failure = await failureOf(pool.connect());
    expect(failure).toMatchObject({ code: "POOL_TIMEOUT" });
    expect(failure.message).toContain("too many connections for role");
    held.release();
    await pool.query("select 1");
  }));
