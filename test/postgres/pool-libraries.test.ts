/** The worker's pool, and pools that the libraries make or are given, under real queries. */
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import PgBoss from "pg-boss";
import pgPromise from "pg-promise";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { collectPoolReports, instrumentForeignPools } from "../../src/worker/measure.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { createPool, endPools, failureOf, reportOf, until } from "./pool-support.js";

const task = pgTable("task", { id: integer().primaryKey(), title: text() });

interface Tables {
  task: { id: number; title: string | null };
}

let database: TestDatabase;
let undo: () => void;

beforeAll(async () => {
  database = await createDatabase();
  undo = instrumentForeignPools({ max: 3 });
  const { pool } = createPool(database.url);
  await pool.query("create table task (id int primary key, title text)");
  await endPools();
});

afterEach(async () => {
  await endPools();
  await until(() => collectPoolReports().length === 0);
});

afterAll(async () => {
  undo();
  await database.drop();
});

test("Drizzle: queries and transactions on the worker's pool", async () => {
  const { pool } = createPool(database.url);
  const db = drizzle(pool);
  await db.insert(task).values({ id: 1, title: "one" });
  const failure = await failureOf(
    db.transaction(async (tx) => {
      await tx.insert(task).values({ id: 2, title: "two" });
      throw new Error("undo");
    }),
  );
  expect(failure.message).toBe("undo");
  expect(await db.select().from(task)).toEqual([{ id: 1, title: "one" }]);
  expect(reportOf()).toMatchObject({
    checkouts: 3,
    active: 0,
    waiting: 0,
    returnedInTransaction: 0,
  });
});

test("Kysely: queries and transactions on a pool of the application's own", async () => {
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: database.url }) }),
  });
  await db
    .transaction()
    .execute((trx) => trx.insertInto("task").values({ id: 10, title: "ten" }).execute());
  const rows = await db.selectFrom("task").select("title").where("id", "=", 10).execute();
  expect(rows).toEqual([{ title: "ten" }]);
  expect(reportOf(database.name)).toMatchObject({ max: 3, checkouts: 2, active: 0 });
  await db.destroy();
});

test("pg-promise: queries, tasks and transactions on the pool that it makes from its own pg", async () => {
  const db = pgPromise()({ connectionString: database.url });
  await db.none("insert into task values ($1, $2)", [20, "twenty"]);
  const failure = await failureOf(
    db.tx(async (tx) => {
      await tx.none("update task set title = 'other' where id = 20");
      throw new Error("undo");
    }),
  );
  expect(failure.message).toBe("undo");
  const title = await db.task((one) =>
    one.one<{ title: string }>("select title from task where id = 20"),
  );
  expect(title).toEqual({ title: "twenty" });
  expect((await failureOf(db.one("select from nowhere"))).message).toContain("nowhere");
  expect(reportOf(database.name)).toMatchObject({ max: 3, checkouts: 4, active: 0, waiting: 0 });
  await db.$pool.end();
});

test("pg-boss: jobs through a pool that it makes itself", async () => {
  const boss = new PgBoss({
    connectionString: database.url,
    max: 2,
    supervise: false,
    schedule: false,
  });
  const errors: unknown[] = [];
  boss.on("error", (error) => errors.push(error));
  await boss.start();
  await boss.createQueue("mail");
  const done = new Promise<unknown>((resolve) => {
    void boss.work<{ to: string }>("mail", { pollingIntervalSeconds: 0.5 }, ([job]) => {
      resolve(job?.data);
      return Promise.resolve();
    });
  });
  await boss.send("mail", { to: "someone" });
  expect(await done).toEqual({ to: "someone" });
  const { max, checkouts, wait, use } = reportOf(database.name);
  expect({ max, failed: errors }).toEqual({ max: 2, failed: [] });
  expect(checkouts).toBeGreaterThan(3);
  expect(wait.count).toBe(checkouts);
  expect(use.count).toBeGreaterThan(0);
  await boss.stop({ graceful: false });
});

test("pg-boss: on the worker's pool", async () => {
  const { pool } = createPool(database.url);
  const boss = new PgBoss({
    db: { executeSql: (statement: string, values: unknown[]) => pool.query(statement, values) },
    supervise: false,
    schedule: false,
  });
  await boss.start();
  await boss.createQueue("print");
  await boss.send("print", { pages: 3 });
  const [job] = await boss.fetch<{ pages: number }>("print");
  expect(job?.data).toEqual({ pages: 3 });
  expect(reportOf().checkouts).toBeGreaterThan(3);
  await boss.stop({ graceful: false });
});
