import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { acquireLock } from "../../src/postgres/lock.js";
import { refusePooler } from "../../src/postgres/pooler.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { startPooler } from "../support/transaction-pooler.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

describe("a transaction pooler", () => {
  test.each([
    { size: 1, order: "last-used" },
    { size: 2, order: "last-used" },
    { size: 2, order: "in-turns" },
    { size: 3, order: "in-turns" },
  ] as const)("of $size backends, $order, is refused with the advice", async (shape) => {
    const pooler = await startPooler(database.url, { ...shape, mode: "transaction" });
    const session = await connect(pooler.url);
    const refused = refusePooler(session);
    await expect(refused).rejects.toMatchObject({ code: "POOLER_DETECTED", exitStatus: 78 });
    await expect(refused).rejects.toThrow("DATABASE_DIRECT_URL");
    await session.end();
    await pooler.close();
  });

  test("is not left with settings meant for a session of one's own", async () => {
    const pooler = await startPooler(database.url, {
      size: 1,
      order: "last-used",
      mode: "transaction",
    });
    const session = await connect(pooler.url);
    await refusePooler(session).catch(() => undefined);
    const [row] = await session.query("select current_setting('application_name') as name");
    expect(row).toEqual({ name: "" });
    await session.end();
    await pooler.close();
  });
});

describe("what is no transaction pooler", () => {
  test("the server itself passes, and no lock of the check stays behind", async () => {
    const session = await connect(database.url);
    await refusePooler(session);
    expect(await session.query("select 1 from pg_locks where locktype = 'advisory'")).toEqual([]);
    await session.end();
  });

  test("a session pooler passes, and the session gets its settings then", async () => {
    const pooler = await startPooler(database.url, {
      size: 3,
      order: "last-used",
      mode: "session",
    });
    const session = await connect(pooler.url, "tasks/supervisor");
    expect(session.direct).toBe(false);
    await refusePooler(session);
    const [row] = await session.query("select current_setting('application_name') as name");
    expect(row).toEqual({ name: "tasks/supervisor" });
    const lock = await acquireLock(session, {
      project: "tasks",
      namespace: "public",
      waitMs: 0,
      log: silentLog,
    });
    await lock.release();
    await session.end();
    await pooler.close();
  });
});
