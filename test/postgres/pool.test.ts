import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { collectPoolReports } from "../../src/worker/measure.js";
import {
  createWorkerPool,
  type WorkerPool,
  type WorkerPoolSettings,
} from "../../src/worker/pool.js";
import { createDatabase, type TestDatabase } from "../support/database.js";

let database: TestDatabase;
const open: WorkerPool[] = [];

beforeAll(async () => {
  database = await createDatabase();
});

afterEach(async () => {
  for (const one of open.splice(0)) await one.end(0);
  collectPoolReports();
});

afterAll(() => database.drop());

function create(settings: Partial<WorkerPoolSettings> = {}): WorkerPool {
  const made = createWorkerPool({
    url: database.url,
    min: 0,
    max: 2,
    acquireTimeoutMs: 5_000,
    maxLifetimeMs: 0,
    idleTimeoutMs: 10_000,
    applicationName: "tasks/worker 1",
    leakAfterMs: 0,
    ...settings,
  });
  open.push(made);
  return made;
}

function report() {
  const [first] = collectPoolReports();
  if (first === undefined) throw new Error("no report");
  return first;
}

test("warming opens min connections, under the worker's name", async () => {
  const { pool, ...worker } = create({ min: 2, max: 3 });
  await worker.warm();
  const { rows } = await pool.query(
    "select count(*)::int as open from pg_stat_activity where application_name = 'tasks/worker 1'",
  );
  expect(rows).toEqual([{ open: 2 }]);
  expect(report()).toMatchObject({ name: "main", total: 2, idle: 2, created: 2, checkouts: 1 });
});

test("query and connect, with callbacks and promises, are all counted", async () => {
  const { pool } = create();
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
  const { checkouts, wait, use, active, waiting } = report();
  expect({ checkouts, wait: wait.count, use: use.count, active, waiting }).toEqual({
    checkouts: 4,
    wait: 4,
    use: 4,
    active: 0,
    waiting: 0,
  });
});
