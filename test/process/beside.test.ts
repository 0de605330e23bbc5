/** Several supervisors, terminals, leftovers, and signals at awkward moments. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ask } from "../support/clients.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { serve, serveReady, type Serving } from "../support/serve.js";
import {
  cleanEnvironment,
  FIXTURES,
  freePort,
  isAlive,
  launch,
  project,
  PROGRAM,
} from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const TOML = { "dazzle.toml": '[project]\nname = "beside"\n' };

async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
}

test("two supervisors of one project serve on their own ports, and commands ask which one is meant", async () => {
  const first = await serveReady({ app: "busy.mjs", url: database.url, workers: 1 });
  const port = await freePort();
  const second = launch({
    cwd: first.cwd,
    args: [
      "serve",
      join(FIXTURES, "busy.mjs"),
      "--no-watch",
      "--workers",
      "1",
      "--port",
      String(port),
    ],
    env: { DATABASE_URL: database.url },
  });
  await second.waitFor("supervisor.ready");
  expect(await ask(first.port, "/")).toMatchObject({ status: 200 });
  expect(await ask(port, "/")).toMatchObject({ status: 200 });
  for (const words of [["status"], ["reload"], ["scale", "2"], ["stop"]]) {
    const { code, stderr } = await first.command(...words);
    expect(code, words[0]).toBe(64);
    expect(stderr).toMatch(new RegExp(`--pid: .*\\b${first.pid}\\b`));
    expect(stderr).toMatch(new RegExp(`--pid: .*\\b${second.pid}\\b`));
  }
  expect(await first.command("stop", "--pid", String(second.pid))).toMatchObject({ code: 0 });
  expect(await second.exited).toMatchObject({ code: 0 });
  expect(await first.command("status")).toMatchObject({ code: 0 });
  expect(await ask(first.port, "/")).toMatchObject({ status: 200 });
});

const SCRIPT = "/usr/bin/script";

describe.skipIf(!existsSync(SCRIPT))("on a terminal", () => {
  /** Runs it under a pseudo-terminal, which sends Ctrl-C to every process in the foreground. */
  async function pressed(
    command: string,
    cwd: string,
  ): Promise<{ code: number | null; output: string }> {
    const terminal = spawn(SCRIPT, ["-qefc", command, "/dev/null"], {
      cwd,
      env: { ...cleanEnvironment(), DATABASE_URL: database.url, SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void terminal.kill("SIGKILL"));
    let output = "";
    const heard = (part: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (text: string): void => {
          output += text;
          if (!output.includes(part)) return;
          terminal.stdout.off("data", look);
          resolve();
        };
        terminal.stdout.setEncoding("utf8").on("data", look);
      });
    const closed = new Promise<number | null>((resolve) => terminal.once("close", resolve));
    await heard("ready on");
    const port = Number(/ready on \S*?:(\d+)/.exec(output)?.[1]);
    const answers = [ask(port, "/slow?ms=1000"), ask(port, "/slow?ms=1000")];
    await heard("slow begun");
    terminal.stdin.write("\x03");
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
    terminal.stdout.on("data", (text: string) => (output += text));
    return { code: await closed, output };
  }

  /** As npm does: hands on the signal that the terminal has sent to the program too. */
  const FORWARD = `import { spawn } from "node:child_process";
    const child = spawn(process.execPath, process.argv.slice(2), { stdio: "inherit" });
    process.on("SIGINT", () => child.kill("SIGINT"));
    child.on("exit", (code) => (process.exitCode = code ?? 1));`;

  test.each([
    ["by itself", ""],
    ["below a program that forwards it a second time", "forward.mjs"],
  ])("Ctrl-C lets requests end and exits 0, %s", async (_where, before) => {
    const cwd = project({ ...TOML, "forward.mjs": FORWARD });
    const port = await freePort();
    const words = `serve '${join(FIXTURES, "busy.mjs")}' --no-watch --workers 2 --port ${port}`;
    const command = `exec '${process.execPath}' ${before} '${PROGRAM}' ${words}`;
    const { code, output } = await pressed(command, cwd);
    expect({ code, output: output.slice(-2_000) }).toMatchObject({ code: 0 });
    expect(output).not.toContain("killed");
  });
});

test("a unix socket that a killed supervisor left behind is served on by the next one", async () => {
  const cwd = project(TOML);
  const start = () =>
    launch({
      cwd,
      args: [
        "serve",
        join(FIXTURES, "busy.mjs"),
        "--no-watch",
        "--workers",
        "1",
        "--host",
        "unix:app.sock",
        "--log-format",
        "json",
      ],
      env: { DATABASE_URL: database.url },
    });
  const first = start();
  const ready = await first.waitFor("worker.ready");
  await first.waitFor("supervisor.ready");
  first.child.kill("SIGKILL");
  await first.exited;
  await untilGone([Number(ready["worker_pid"])]);
  expect(readdirSync(cwd)).toContain("app.sock");
  const second = start();
  await second.waitFor("supervisor.ready");
  const status = await new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: join(cwd, "app.sock"), path: "/" }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.once("error", reject).end();
  });
  expect(status).toBe(200);
  // One that is alive keeps its socket.
  const third = start();
  expect((await third.exited).code).toBe(70);
  expect(third.stderr()).toContain("EADDRINUSE");
  expect(await second.end()).toMatchObject({ code: 0 });
});

describe("a TERM in the first moments of a start", () => {
  const connections = async (): Promise<number> => {
    const session = await connect(database.url);
    const [row] = await session.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    );
    await session.end();
    return row?.n ?? 0;
  };
  const left = (app: Serving): string[] => {
    const folder = join(app.cwd, ".dazzle", "run");
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".sock")) : [];
  };

  const MANY_STARTS_MS = 300_000;

  test(
    "ends it whenever it comes, and leaves no worker, socket, connection or lock",
    async () => {
      // Before the program can hear it, the system ends it; from then on it is a stop like any other.
      for (let ms = 0; ms <= 500; ms += 25) {
        const app = await serve({ app: "busy.mjs", url: database.url, workers: 1 });
        const timer = setTimeout(() => app.child.kill("SIGTERM"), ms);
        const exit = await app.exited;
        clearTimeout(timer);
        expect([0, null], `after ${ms} ms`).toContain(exit.code);
        if (exit.code === null) expect(app.events()).toEqual([]);
        const forked = app.log.flatMap((line) =>
          line.event === "worker.forked" ? [Number(line["worker_pid"])] : [],
        );
        await untilGone(forked);
        expect(left(app), `after ${ms} ms`).toEqual([]);
      }
      while ((await connections()) > 0);
    },
    MANY_STARTS_MS,
  );

  test.each([
    "supervisor.starting",
    "database.connected",
    "lock.acquired",
    "migrate.done",
    "lock.released",
    "budget.ok",
    "worker.forked",
    "worker.ready",
  ])("ends it with 0 at %s", async (event) => {
    const app = await serve({
      app: "busy.mjs",
      url: database.url,
      workers: 2,
      files: { "schema.sql": "create table t (id int primary key);" },
    });
    await app.waitFor(event);
    app.child.kill("SIGTERM");
    expect(await app.exited).toEqual({ code: 0, signal: null });
    expect(app.stderr()).toBe("");
    expect(left(app)).toEqual([]);
    while ((await connections()) > 0);
  });
});

test("a boot that keeps the event loop busy for longer than hang_timeout is no hang", async () => {
  const app = await serveReady({
    app: "app.mjs",
    url: database.url,
    workers: 1,
    supervisor: 'hang_timeout = "1s"',
    files: {
      "app.mjs": `const end = Date.now() + 3_000; while (Date.now() < end);
        export default () => (request, response) => response.end("ok");`,
    },
  });
  expect(app.events()).not.toContain("worker.hung");
  expect(app.events().filter((event) => event === "worker.forked")).toHaveLength(1);
  expect(await ask(app.port, "/")).toMatchObject({ status: 200 });
});
