import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../support/clients.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { startHoldingProxy } from "../support/holding-proxy.js";
import { serve, serveReady, type Serving } from "../support/serve.js";
import { isAlive, PROGRAM } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
}

/** Sends a request that will never be answered. */
const leave = (app: Serving, path: string): void => {
  ask(app.port, path).catch(() => undefined);
};

describe("a worker that dies", () => {
  test("is replaced at once, with its last words in the log before its end", async () => {
    const app = await serveReady({ app: "busy.mjs", url: database.url });
    leave(app, "/crash");
    const restarting = await app.waitFor("worker.restarting");
    expect(restarting).toMatchObject({ delay_ms: 0 });
    await app.waitFor("worker.ready", ({ generation, boot_ms, worker }) => {
      const exit = app.log.find(({ event }) => event === "worker.exit");
      return (
        generation === 1 &&
        Number(boot_ms) >= 0 &&
        worker === exit?.["worker"] &&
        exit !== undefined
      );
    });
    const words = app.log.findIndex(({ msg }) => msg?.startsWith("last words") === true);
    const exit = app.log.findIndex(({ event }) => event === "worker.exit");
    expect(words).toBeGreaterThan(-1);
    expect(words).toBeLessThan(exit);
  });

  test("because its application closed its server is replaced, not kept without one", async () => {
    const app = await serveReady({
      app: "app.mjs",
      url: database.url,
      files: {
        "app.mjs": `export default () => (request, response) => {
          response.end("ok");
          if (request.url === "/close") request.socket.server.close();
        };`,
      },
      workers: 1,
    });
    await ask(app.port, "/close");
    expect(await app.waitFor("worker.exit")).toMatchObject({
      msg: "the application closed its server",
      expected: false,
    });
    await app.says(({ event }) => event === "worker.ready", 2);
    expect(await ask(app.port, "/")).toMatchObject({ status: 200 });
  });

  test("over and over ends the supervisor with 70 and the last error", async () => {
    const app = await serveReady({
      app: "busy.mjs",
      url: database.url,
      workers: 1,
      supervisor: "max_restarts = 2",
    });
    leave(app, "/crash");
    await app.says(({ event }) => event === "worker.ready", 2);
    // Not by its own doing: of its own crashes the next would be spread over the whole window.
    for (const pid of await app.workers()) process.kill(pid, "SIGKILL");
    await app.says(({ event }) => event === "worker.ready", 3);
    leave(app, "/crash");
    expect(await app.exited).toMatchObject({ code: 70 });
    expect(app.stderr()).toContain("crashed on request");
  });

  test("is followed by a warm spare, which needs no boot", async () => {
    const app = await serveReady({
      app: "busy.mjs",
      url: database.url,
      workers: 1,
      supervisor: "spare = 1",
    });
    const spare = await app.waitFor("worker.forked", (line) => line["spare"] === true);
    const [pid = 0] = await app.workers();
    await app.says(({ msg, worker }) => msg === "created" && worker === 0);
    process.kill(pid, "SIGKILL");
    await app.says(({ event }) => event === "worker.ready", 2);
    const second = app.log.filter(({ event }) => event === "worker.ready")[1];
    expect(second?.["worker_pid"]).toBe(spare["worker_pid"]);
  });
});

test("a spare that is promoted serves before its pool is warm, also while that can't be", async () => {
  const proxy = await startHoldingProxy(database.url);
  const app = await serveReady({
    app: "busy.mjs",
    url: proxy.url,
    workers: 1,
    supervisor: "spare = 1",
  });
  const [pid = 0] = await app.workers();
  await app.says(({ msg, worker }) => msg === "created" && worker === 0);
  // From here on nobody gets a connection.
  await proxy.close();
  process.kill(pid, "SIGKILL");
  await app.says(({ event }) => event === "worker.ready", 2);
  expect(await ask(app.port, "/")).toMatchObject({ status: 200 });
  await app.waitForMessage("the pool is not warm yet");
  expect(await ask(app.port, "/")).toMatchObject({ status: 200 });
});

test.each([
  ["throws at import", `throw new Error("broken release");`, "broken release"],
  ["ends without a word", `process.exit(3);`, "exit code 3"],
  [
    "fails in one worker while the others still boot",
    `if (process.env.DAZZLE_WORKER_ID === "2") throw new Error("broken second");
     await new Promise((resolve) => setTimeout(resolve, 60_000));`,
    "broken second",
  ],
])("a first generation that %s ends it at once with 70 and its error", async (_how, code, why) => {
  const app = await serve({
    app: "app.mjs",
    url: database.url,
    files: { "app.mjs": code },
    workers: 3,
  });
  expect(await app.exited).toEqual({ code: 70, signal: null });
  const at = (event: string): number[] =>
    app.log.filter((line) => line.event === event).map(({ time }) => Date.parse(String(time)));
  // One boot each, and no other.
  expect(at("worker.forked")).toHaveLength(3);
  const [failed = 0] = at("worker.exit");
  const [stopped = Infinity] = at("supervisor.stopped");
  // Long before boot_timeout, or before the others would have booted.
  expect(stopped - failed).toBeLessThan(30_000);
  expect(app.stderr()).toContain(why);
});

test("a stuck worker is replaced, and the log names the function that it is stuck in", async () => {
  const app = await serveReady({
    app: "busy.mjs",
    url: database.url,
    supervisor: 'hang_timeout = "4s"',
  });
  leave(app, "/stuck");
  const hung = await app.waitFor("worker.hung");
  expect(hung["stack"]).toContain("stuckHere");
  expect(Number(hung["blocked_ms"])).toBeGreaterThanOrEqual(4_000);
  await app.says(({ event }) => event === "worker.ready", 3);
  expect(await ask(app.port, "/")).toMatchObject({ status: 200 });
});

test("a worker above max_memory gives way to a successor that is ready", async () => {
  const app = await serveReady({
    app: "busy.mjs",
    url: database.url,
    workers: 1,
    supervisor: 'max_memory = "200MB"',
  });
  await ask(app.port, "/hoard");
  await app.waitFor("worker.memory");
  expect(await app.waitFor("worker.exit")).toMatchObject({ reason: "memory", code: 0 });
  expect(app.events().indexOf("worker.exit")).toBeGreaterThan(
    app.events().lastIndexOf("worker.ready"),
  );
});

test("when the primary is killed, requests in flight finish, and who is stuck is ended", async () => {
  const app = await serveReady({ app: "busy.mjs", url: database.url });
  const pids = await app.workers();
  const answer = ask(app.port, "/slow?ms=1500");
  await app.says(({ msg }) => msg === "slow begun");
  const served = app.log.find(({ msg }) => msg === "slow begun")?.["worker"];
  const other = pids[served === 1 ? 1 : 0] ?? 0;
  // Connections go to the idle worker more often than not; ask until that one is stuck.
  while (!app.log.some(({ msg, worker }) => msg === "stuck begun" && worker !== served)) {
    // The busy worker answers; the other one says that it is stuck, and never answers.
    const answered = ask(app.port, `/stuck-elsewhere?not=${String(served)}`);
    const said = new Promise((resolve) => app.child.stdout?.once("data", resolve));
    await Promise.race([answered.catch(() => undefined), said]);
  }
  process.kill(app.pid, "SIGKILL");
  await untilGone([other]);
  expect(await answer).toMatchObject({ status: 200 });
  await untilGone(pids);
});

describe("listening", () => {
  test("on a port that is taken fails at once with one line and 70", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const args = ["--port", String(port)];
    const app = await serve({ app: "busy.mjs", url: database.url, args });
    const exit = await app.exited;
    taken.close();
    expect(exit).toMatchObject({ code: 70 });
    expect(app.stderr().trimEnd().split("\n")).toHaveLength(1);
    expect(app.stderr()).toContain("EADDRINUSE");
    expect(app.events().filter((event) => event === "worker.forked")).toHaveLength(2);
  });

  test("on a path that somebody has fails with one line, 70 and a remedy for paths", async () => {
    const folder = mkdtempSync(join(tmpdir(), "supervise-taken-"));
    const path = join(folder, "app.sock");
    const taken = createServer().listen(path);
    await once(taken, "listening");
    const args = ["--host", `unix:${path}`];
    const app = await serve({ app: "busy.mjs", url: database.url, args });
    const exit = await app.exited;
    taken.close();
    rmSync(folder, { recursive: true, force: true });
    expect(exit).toMatchObject({ code: 70 });
    expect(app.stderr().trimEnd().split("\n")).toHaveLength(1);
    expect(app.stderr()).toContain("choose another path");
  });

  // A socket in a folder that is not there is EACCES to libuv, whoever asks.
  test.each(["10.255.255.1", "no.such.host.invalid", "unix:no-such-folder/app.sock"])(
    "on %s is refused with 78",
    async (host) => {
      const app = await serve({ app: "busy.mjs", url: database.url, args: ["--host", host] });
      expect(await app.exited).toMatchObject({ code: 78 });
      expect(app.stderr().trimEnd().split("\n")).toHaveLength(1);
    },
  );

  test.each(["busy.mjs", "script-plain.cjs"])(
    "on a unix socket, %s serves there",
    async (entry) => {
      const app = await serveReady({
        app: entry,
        url: database.url,
        args: ["--host", "unix:app.sock"],
      });
      expect(String((await app.waitFor("supervisor.ready"))["url"])).toContain("app.sock");
      await app.end();
    },
  );
});

/** Needs the right to make a namespace, which root has outside of strict containers. */
const namespaces =
  spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "--kill-child", "true"]).status === 0;

test.skipIf(!namespaces)(
  "as PID 1 reaps what others leave behind, and passes signals and the status on",
  async () => {
    const app = await serveReady({
      app: "busy.mjs",
      url: database.url,
      command: [
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
        "--kill-child",
        process.execPath,
        PROGRAM,
      ],
    });
    for (let round = 0; round < 5; round += 1) await ask(app.port, "/leave-behind");
    // Until they are reaped, or the test's time is up.
    while ((await ask(app.port, "/zombies")).body !== "0");
    const children = readFileSync(`/proc/${app.pid}/task/${app.pid}/children`, "utf8").trim();
    process.kill(Number(children), "SIGTERM");
    expect(await app.exited).toMatchObject({ code: 0 });
  },
);

test("100,000 lines on each stream come through whole, in order, and none is lost", async () => {
  const app = await serveReady({ app: "talkative.mjs", url: database.url, workers: 1 });
  await ask(app.port, "/", { limitMs: 100_000 });
  await app.end();
  for (const [stream, word] of [
    ["stdout", "out"],
    ["stderr", "err"],
  ]) {
    const numbers = app.log
      .filter(
        (line) => line["stream"] === stream && line.msg?.startsWith(`${word ?? ""} `) === true,
      )
      .map(({ msg }) => Number(msg?.split(" ")[1]));
    expect(numbers).toHaveLength(100_000);
    expect(numbers.every((number, index) => number === index)).toBe(true);
  }
  expect(app.log.some(({ msg }) => msg?.includes("\ufffd") === true)).toBe(false);
});
