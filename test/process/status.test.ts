import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { fetchStatus, theSupervisor } from "../../src/control/client.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { freePort, launch, project, type Running } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

async function start(workers: number): Promise<{ running: Running; folder: string }> {
  const folder = project({
    "package.json": '{"type":"module"}',
    "app.js": "export default () => (request, response) => response.end();\n",
  });
  const running = launch({
    cwd: folder,
    args: ["app.js", "--workers", String(workers), "--port", String(await freePort())],
    env: { DATABASE_URL: database.url },
  });
  await running.waitFor("supervisor.ready");
  return { running, folder };
}

const command = (folder: string, ...args: string[]) => launch({ cwd: folder, args });

it("status counts the pools of the workers that run, not of those that a reload replaced", async () => {
  const { running, folder } = await start(2);
  expect(await command(folder, "reload").exited).toEqual({ code: 0, signal: null });
  const supervisor = await theSupervisor(folder);
  await vi.waitFor(
    async () => {
      const status = await fetchStatus(supervisor);
      expect(status).toMatchObject({ generation: 2, pool: { max: 20, total: 4 } });
      expect(status.workers.map(({ state }) => state)).toEqual(["ready", "ready"]);
    },
    { timeout: 20_000 },
  );
  await running.end();
});

it("scale, reload and stop do what they say and wait for its end", async () => {
  const { running, folder } = await start(1);
  const scaled = command(folder, "scale", "3", "--json");
  expect((await scaled.exited).code).toBe(0);
  expect(JSON.parse(scaled.stdout())).toEqual({ from: 1, to: 3 });
  const status = await fetchStatus(await theSupervisor(folder));
  expect(status.workers.map(({ id, state }) => [id, state])).toEqual([
    [1, "ready"],
    [2, "ready"],
    [3, "ready"],
  ]);
  const reloaded = command(folder, "reload", "--json");
  expect((await reloaded.exited).code).toBe(0);
  expect(JSON.parse(reloaded.stdout())).toMatchObject({
    outcome: "done",
    reason: null,
    generation: 2,
  });
  const stopped = command(folder, "stop");
  expect((await stopped.exited).code).toBe(0);
  expect(stopped.stdout()).toBe(`stopped supervisor ${running.pid}\n`);
  expect(await running.exited).toEqual({ code: 0, signal: null });
});

it("commands say 66 when no supervisor of the project runs", async () => {
  const folder = project({ "dazzle.toml": "" });
  for (const args of [["status"], ["reload"], ["scale", "2"], ["stop"]]) {
    const asked = command(folder, ...args);
    expect((await asked.exited).code).toBe(66);
    expect(asked.stderr()).toMatch(/^supervise: no supervisor of this project is running/);
  }
});
