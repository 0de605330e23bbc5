import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../support/clients.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady, type Serving } from "../support/serve.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** An application that does `code` when it is asked for /do. */
const application = (code: string) => ({
  "app.mjs": `import inspector from "node:inspector";
import { pbkdf2Sync } from "node:crypto";
${code}
export default () => async (request, response) => {
  if (request.url === "/inspector") return response.end(String(inspector.url()));
  if (request.url === "/do") return response.end(String(await work()));
  response.end("ok");
};`,
});

const leave = (app: Serving): void => {
  ask(app.port, "/do").catch(() => undefined);
};

describe("a worker that is stuck", () => {
  test.each([
    ["in an endless loop of an async handler", "async function work() { await null; for (;;); }"],
    [
      "in a regular expression",
      `const work = function backtracks() { return /^(a+)+$/.test("a".repeat(60) + "b"); };`,
    ],
    [
      "in a loop of JSON",
      `const text = JSON.stringify(Array(1_000).fill({ a: 1 })); const work = function parses() { for (;;) JSON.parse(text); };`,
    ],
    [
      "in promises that never let the loop turn",
      "const turns = () => Promise.resolve().then(turns); const work = () => turns();",
    ],
    ["in an await that never lets the loop turn", "async function work() { for (;;) await null; }"],
    [
      "in microtasks",
      "const turns = () => queueMicrotask(turns); const work = () => { turns(); return new Promise(() => undefined); };",
    ],
    [
      "in a sort",
      `const work = function sorts() { for (;;) Array.from({ length: 10_000 }, Math.random).sort((a, b) => a - b); };`,
    ],
  ])("%s is replaced, and its function is named", async (_where, code) => {
    const app = await serveReady({
      app: "app.mjs",
      url: database.url,
      files: application(code),
      workers: 1,
      supervisor: 'hang_timeout = "4s"',
    });
    leave(app);
    const hung = await app.waitFor("worker.hung");
    expect(hung["stack"]).toMatch(/ (work|backtracks|parses|turns|sorts) \(file:.*app\.mjs/);
    expect(Number(hung["blocked_ms"])).toBeGreaterThanOrEqual(4_000);
    expect(await app.waitFor("worker.killed")).toMatchObject({ reason: "hang", requests_cut: 1 });
    await app.says(({ event }) => event === "worker.ready", 2);
    expect(await ask(app.port, "/")).toMatchObject({ status: 200 });
  });

  test("in a native call is replaced, and the log says why there is no stack", async () => {
    const app = await serveReady({
      app: "app.mjs",
      url: database.url,
      files: application(`const work = () => pbkdf2Sync("a", "b", 2 ** 31 - 1, 64, "sha512");`),
      workers: 1,
      supervisor: 'hang_timeout = "4s"',
    });
    leave(app);
    expect((await app.waitFor("worker.hung"))["stack"]).toContain("native call");
    await app.says(({ event }) => event === "worker.ready", 2);
  });
});

test("a loop that is blocked for a quarter of hang_timeout is warned of, once in a while", async () => {
  const app = await serveReady({
    app: "app.mjs",
    url: database.url,
    files: application(
      "const work = () => { const began = performance.now(); while (performance.now() < began + 800); };",
    ),
    workers: 1,
    supervisor: 'hang_timeout = "3s"',
  });
  // The first may begin before anything is reported, the second begins right behind a report.
  await ask(app.port, "/do");
  await ask(app.port, "/do");
  const warning = await app.waitForMessage("event loop was blocked");
  expect(warning).toMatchObject({ level: "warn", worker: 1 });
  const delay: unknown = warning["event_loop_delay_ms"];
  expect(Number(Reflect.get(Object(delay), "max"))).toBeGreaterThanOrEqual(750);
  await app.end();
  expect(app.log.filter(({ msg }) => msg === warning.msg)).toHaveLength(1);
  expect(app.events()).not.toContain("worker.hung");
});

describe("no hang", () => {
  test("is a loop that turns again in time, and its inspector is closed again", async () => {
    const app = await serveReady({
      app: "app.mjs",
      url: database.url,
      // Busy until its stack is asked for, which is 2 s before it would count as stuck.
      files: application(
        "const work = () => { while (inspector.url() === undefined); return inspector.url(); };",
      ),
      workers: 1,
      supervisor: 'hang_timeout = "8s"',
    });
    expect((await ask(app.port, "/do")).body).toContain("ws://127.0.0.1");
    while ((await ask(app.port, "/inspector")).body !== "undefined");
    expect(app.events()).not.toContain("worker.hung");
    expect(app.events()).not.toContain("worker.exit");
  });

  test("is a worker whose output nobody reads: it waits, and no line is lost", async () => {
    const lines = 5_000;
    const app = await serveReady({
      app: "talkative.mjs",
      url: database.url,
      workers: 1,
      supervisor: 'hang_timeout = "5s"',
      env: { LINES: String(lines) },
    });
    const uptime = async (): Promise<number> => {
      const { stdout } = await app.command("status", "--json");
      const status: unknown = JSON.parse(stdout);
      return Number(Reflect.get(Object(status), "uptime_s"));
    };
    const began = await uptime();
    app.child.stdout?.pause();
    const answer = ask(app.port, "/", { limitMs: 100_000 });
    while ((await uptime()) < began + 10);
    app.child.stdout?.resume();
    expect(await answer).toMatchObject({ status: 200 });
    await app.says(({ msg }) => msg === `err ${lines - 1}`);
    await app.end();
    expect(app.events()).not.toContain("worker.hung");
    for (const stream of ["stdout", "stderr"]) {
      const written = app.log.filter(
        (line) => line["stream"] === stream && /^(out|err) \d/.test(line.msg ?? ""),
      );
      expect(written).toHaveLength(lines);
    }
  });
});
