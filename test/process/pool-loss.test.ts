import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { fetchStatus, theSupervisor } from "../../src/control/client.js";
import { createProxy } from "../postgres/pool-support.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady } from "../support/serve.js";
import { freePort } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const WAIT = { timeout: 30_000 };

test.each(["query-factory.mjs", "query-script.mjs"])(
  "a database that stops while serving is told once, answered at once, and found again: %s",
  async (app) => {
    const proxy = await createProxy(database.url);
    onTestFinished(() => proxy.close());
    const control = await freePort();
    const running = await serveReady({
      app,
      url: proxy.url,
      args: ["--control-port", String(control)],
      env: { DAZZLE_DB_POOL_MIN: "2", DAZZLE_DB_POOL_MAX: "4" },
    });
    const ask = async (): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${running.port}/`, {
        headers: { connection: "close" },
      });
      return response.text();
    };
    const readiness = async (): Promise<number> =>
      (await fetch(`http://127.0.0.1:${control}/readyz`)).status;
    const many = (): Promise<string[]> => Promise.all(Array.from({ length: 40 }, ask));

    expect(new Set(await many())).toEqual(new Set(["served"]));
    const workers = await running.workers();
    await proxy.stop();
    await running.waitFor("database.lost");
    expect(await readiness()).toBe(503);
    // Answered while the database is away: nobody waits for its return.
    await vi.waitFor(
      async () => expect(new Set(await many())).toEqual(new Set(["DATABASE_LOST"])),
      WAIT,
    );

    await proxy.start();
    await running.waitFor("database.connected", ({ msg }) => msg === "the database is back");
    await vi.waitFor(async () => expect(new Set(await many())).toEqual(new Set(["served"])), WAIT);
    expect(await readiness()).toBe(200);
    expect(await running.workers()).toEqual(workers);
    const supervisor = await theSupervisor(running.cwd);
    await vi.waitFor(async () => {
      const { pool } = await fetchStatus(supervisor);
      expect(pool.idle).toBeGreaterThanOrEqual(4);
      expect(pool.waiting).toBe(0);
    }, WAIT);
    const told = (event: string) => running.events().filter((one) => one === event).length;
    // The first connection is told at the start.
    expect([told("database.lost"), told("database.connected")]).toEqual([1, 2]);
    expect(running.events()).not.toContain("worker.exit");
    expect((await running.end()).code).toBe(0);
  },
);
