import { once } from "node:events";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../support/clients.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serve, type ServeInput, type Serving } from "../support/serve.js";
import { PROGRAM } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** More than a pipe holds is written before the last answer. */
const APP = `export default () => (request, response) => {
  console.log("x".repeat(10_000));
  response.end("ok");
};`;

const input = (): ServeInput => ({
  app: "app.mjs",
  url: database.url,
  files: { "app.mjs": APP },
  workers: 1,
});

async function untilItServes(port: number): Promise<void> {
  for (;;) {
    const answer = await ask(port, "/").catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function servesOn(app: Serving): Promise<void> {
  await untilItServes(app.port);
  for (let turn = 0; turn < 30; turn += 1) {
    expect(await ask(app.port, "/")).toMatchObject({ status: 200 });
  }
}

const told = (app: Serving): number => app.stderr().split("lines are lost").length - 1;

describe("a log that can't be written", () => {
  test.skipIf(!existsSync("/dev/full"))(
    "for a full disk ends nothing, and stderr says so once",
    async () => {
      const app = await serve({
        ...input(),
        command: ["sh", "-c", 'exec "$@" > /dev/full', "sh", process.execPath, PROGRAM],
      });
      await servesOn(app);
      expect(app.stderr()).toContain("the log can't be written (ENOSPC)");
      expect(told(app)).toBe(1);
      expect(await app.end()).toMatchObject({ code: 0 });
    },
  );

  test("for want of a reader ends nothing and holds no worker up", async () => {
    const app = await serve(input());
    await app.waitFor("supervisor.ready");
    app.child.stdout?.destroy();
    await servesOn(app);
    while (told(app) === 0 && app.child.stderr !== null) await once(app.child.stderr, "data");
    expect(told(app)).toBe(1);
    expect(app.stderr()).toContain("EPIPE");
    expect(await app.end()).toMatchObject({ code: 0 });
  });
});
