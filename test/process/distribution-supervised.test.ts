import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { ask, countBy, load } from "../support/distribution.js";
import { freePort, launch, project, type Running } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const APP = `
import { createServer } from "node:http";
createServer((request, response) => {
  if (request.url === "/hang") for (;;);
  setTimeout(() => response.end(String(process.pid)), 5);
}).listen(process.env.PORT, process.env.HOST);
`;

async function supervise(supervisor: string): Promise<{ running: Running; port: number }> {
  const port = await freePort();
  const running = launch({
    cwd: project({ "app.mjs": APP, "dazzle.toml": `[supervisor]\n${supervisor}\n` }),
    args: ["serve", "app.mjs", "--no-watch", "--workers", "4", "--log-format", "json"],
    env: { DATABASE_URL: database.url, PORT: String(port), DAZZLE_DB_POOL_MIN: "0" },
  });
  await running.waitFor("supervisor.ready");
  return { running, port };
}

describe("connection-per-request load on a supervised application", () => {
  it("strands and refuses no client while every worker is killed", async () => {
    const { running, port } = await supervise("max_restarts = 100");
    const clients = load(port, 32, "/");
    const killed = new Set<unknown>();
    for (const { worker_pid: pid } of running.log.filter(({ event }) => event === "worker.ready")) {
      await clients.more(50);
      process.kill(Number(pid), "SIGKILL");
      killed.add(pid);
      await running.waitFor("worker.exit", (line) => line["worker_pid"] === pid);
    }
    expect(killed.size).toBe(4);
    const counts = countBy((await clients.stop()).map(({ outcome }) => outcome));
    expect(counts.get("stranded")).toBeUndefined();
    expect(counts.get("refused")).toBeUndefined();
  });

  it("goes on for everybody but the clients of a worker that hangs", async () => {
    const { running, port } = await supervise('hang_timeout = "4s"');
    const clients = load(port, 8, "/");
    await clients.more(50);
    const stuck = ask({ port, host: "127.0.0.1" }, "/hang");
    await running.waitFor("worker.hung");
    await clients.more(200);
    const outcomes = await clients.stop();
    await stuck;
    const lost = outcomes.filter(({ outcome }) => outcome !== "answered");
    // Those whose connection the stuck worker held already: its share of eight, and its slack.
    expect(lost.length).toBeLessThanOrEqual(5);
  });
});
