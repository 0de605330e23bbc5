import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FleetReport } from "../../src/fleet/report.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { freePort, launch, project, type Running } from "../support/supervisor.js";

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

const FILES = (name: string) => ({
  "package.json": '{"type":"module"}',
  "dazzle.toml": `[project]\nname = "${name}"\n[app]\nentry = "app.js"\n`,
  "app.js": "export default () => (request, response) => response.end();\n",
});

interface Started {
  readonly running: Running;
  readonly folder: string;
}

async function start(name: string, ...args: string[]): Promise<Started> {
  const folder = project(FILES(name));
  const port = String(await freePort());
  const running = launch({
    cwd: folder,
    args: ["serve", "--port", port, ...args],
    env: { DATABASE_URL: database.url },
  });
  await running.waitFor("supervisor.ready");
  return { running, folder };
}

const command = (folder: string, ...args: string[]) =>
  launch({ cwd: folder, args, env: { DATABASE_URL: database.url } });

const parse: (text: string) => FleetReport = JSON.parse;

async function fleet(folder: string): Promise<FleetReport> {
  const asked = command(folder, "fleet", "--json");
  expect(await asked.exited).toEqual({ code: 0, signal: null });
  return parse(asked.stdout());
}

/** Signs are given beside what is waited for elsewhere. */
const until = (assertion: () => Promise<void>) => vi.waitFor(assertion, { timeout: 30_000 });

const summary = ({ instances }: FleetReport) =>
  instances.map(({ project: name, pid, state, workers }) => [name, pid, state, workers]);

it("fleet lists every supervisor that shares the database, with what it does now", async () => {
  const billing = await start("billing", "--workers", "1");
  const tasks = await start("tasks", "--workers", "2");
  await until(async () =>
    expect(summary(await fleet(tasks.folder))).toEqual([
      ["billing", billing.running.pid, "running", 1],
      ["tasks", tasks.running.pid, "running", 2],
    ]),
  );
  expect((await fleet(tasks.folder)).totals).toEqual({
    supervisors: 2,
    workers: 3,
    connections: 11 + 21,
  });

  expect((await command(tasks.folder, "scale", "3").exited).code).toBe(0);
  await until(async () =>
    expect(summary(await fleet(tasks.folder))[1]).toEqual([
      "tasks",
      tasks.running.pid,
      "running",
      3,
    ]),
  );

  const shown = command(tasks.folder, "fleet");
  await shown.exited;
  expect(shown.stdout()).toMatch(/^project +host +pid +version +state +workers +pool +up +last/m);
  expect(shown.stdout()).toContain("2 supervisors alive, 4 workers, at most 42 connections\n");

  expect(await billing.running.end()).toEqual({ code: 0, signal: null });
  expect(summary(await fleet(tasks.folder)).map(([name]) => name)).toEqual(["tasks"]);
  await tasks.running.end();
});

it("a supervisor that ended without a word is shown as silent and counted no more", async () => {
  const { running, folder } = await start("tasks");
  await until(async () => expect((await fleet(folder)).totals.supervisors).toBe(1));
  running.child.kill("SIGKILL");
  await running.exited;
  const session = await connect(database.url);
  await session.query("update dazzle.instance set heartbeat_at = now() - interval '2 minutes'");
  await session.end();
  const report = await fleet(folder);
  expect(report.instances).toMatchObject([{ pid: running.pid, alive: false }]);
  expect(report.totals).toEqual({ supervisors: 0, workers: 0, connections: 0 });
  const shown = command(folder, "fleet");
  await shown.exited;
  expect(shown.stdout()).toMatch(/ silent .* 2m( \d+s)? ago/);
});

it("the budget counts what the fleet's other supervisors may open, not what they have open now", async () => {
  const session = await connect(database.url);
  const [row] = await session.query<{ half: number }>(
    "select (current_setting('max_connections')::int - 3) / 2 as half",
  );
  await session.end();
  // Too much for both, though neither opens more than its two at the start.
  const each = row?.half ?? 0;
  const pool = (max: number) => ({ DATABASE_URL: database.url, DAZZLE_DB_POOL_MAX: String(max) });
  const run = async (name: string, max: number): Promise<Started> => {
    const folder = project(FILES(name));
    const port = String(await freePort());
    const running = launch({ cwd: folder, args: ["serve", "--port", port], env: pool(max) });
    await running.waitFor("supervisor.ready");
    return { running, folder };
  };
  const first = await run("billing", each);
  await until(async () => expect((await fleet(first.folder)).totals.supervisors).toBe(1));
  const second = await run("tasks", each);
  const line = await second.running.waitFor("budget.exceeded");
  expect(line["others"]).toBeGreaterThan(each);
  expect(line["level"]).toBe("warn");
  await second.running.end();
  await first.running.end();
});

it("fleet says so when no supervisor was ever here", async () => {
  const folder = project(FILES("tasks"));
  const asked = command(folder, "fleet");
  expect(await asked.exited).toEqual({ code: 0, signal: null });
  expect(asked.stdout()).toMatch(/^no supervisor shares database test_\w+ on /);
});
