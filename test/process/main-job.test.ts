import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createDatabase, urlOf, type TestDatabase } from "../support/database.js";
import {
  freePort,
  isAlive,
  launch,
  project,
  PROGRAM,
  type Running,
} from "../support/supervisor.js";

const SCHEMA = "CREATE TABLE note (id bigint PRIMARY KEY, body text NOT NULL DEFAULT '');\n";
const APP = `export default ({ pool, worker }) => async (request, response) => {
  const { rows } = await pool.query("SELECT count(*)::int AS n FROM note");
  response.end(JSON.stringify({ worker: worker.id, pid: process.pid, notes: rows[0].n }));
};\n`;
const toml = (more = "") =>
  `[project]\nname = "main-job"\nframework_version = "~0.1"\n[app]\nentry = "app.js"\n${more}`;
const files = (more = "") => ({
  "package.json": '{"type":"module"}',
  "app.js": APP,
  "schema.sql": SCHEMA,
  "dazzle.toml": toml(more),
});

let database: TestDatabase;
let admin: pg.Client;

beforeAll(async () => {
  database = await createDatabase();
  admin = new pg.Client(database.url);
  await admin.connect();
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

const WAIT = { timeout: 30_000 };

/** Connections to the test's database beside our own. */
async function connections(): Promise<{ pid: number; application_name: string }[]> {
  const { rows } = await admin.query<{ pid: number; application_name: string }>(
    `SELECT pid, application_name FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  );
  return rows;
}

async function start(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ running: Running; url: string }> {
  const running = launch({
    cwd: project(files()),
    args: ["--port", String(await freePort()), ...args],
    env: { DATABASE_URL: database.url, ...env },
  });
  const ready = await running.waitFor("supervisor.ready");
  return { running, url: String(ready["url"]) };
}

describe("the main job", () => {
  it("goes in order, from configuration to ready and from TERM to stopped, and leaves nothing", async () => {
    const own = await createDatabase();
    const port = await freePort();
    const running = launch({
      cwd: project(files("[pool]\nmin = 3\nmax = 4\n")),
      args: ["--workers", "2", "--port", String(port)],
      env: { DATABASE_URL: own.url, DAZZLE_ENV: "production" },
    });
    await running.waitFor("supervisor.ready");
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ notes: 0 });

    const client = new pg.Client(own.url);
    await client.connect();
    const { rows } = await client.query<{ application_name: string; n: number }>(
      `SELECT application_name, count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'main-job/worker %' GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { application_name: "main-job/worker 1", n: 3 },
      { application_name: "main-job/worker 2", n: 3 },
    ]);

    const workers = running.log
      .filter(({ event }) => event === "worker.ready")
      .map((line) => Number(line["pid_of_worker"] ?? line["worker_pid"] ?? 0));
    expect(await running.end()).toEqual({ code: 0, signal: null });
    expect(workers.filter((pid) => pid > 0 && isAlive(pid))).toEqual([]);
    // PostgreSQL ends a backend a moment after its client has gone.
    await vi.waitFor(async () => {
      const left = await client.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
      );
      expect(left.rowCount).toBe(0);
    }, WAIT);
    await client.end();
    await own.drop();

    const steps = [
      "supervisor.starting",
      "pin.verified",
      "database.connected",
      "lock.acquired",
      "migrate.plan",
      "migrate.step",
      "migrate.done",
      "lock.released",
      "budget.ok",
      "worker.forked",
      "worker.ready",
      "supervisor.ready",
      "supervisor.draining",
      "supervisor.stopped",
    ];
    const seen = running.events();
    expect(steps.map((step) => seen.indexOf(step))).toEqual(
      steps.map((step) => seen.indexOf(step)).sort((a, b) => a - b),
    );
    expect(steps.filter((step) => !seen.includes(step))).toEqual([]);
  });

  it("keeps each worker's pool between min and max under load", async () => {
    const { running, url } = await start(["--workers", "2"], {
      DAZZLE_DB_POOL_MIN: "2",
      DAZZLE_DB_POOL_MAX: "3",
    });
    await Promise.all(
      Array.from({ length: 200 }, () => fetch(url).then((response) => response.text())),
    );
    const counts = new Map<string, number>();
    for (const { application_name } of await connections()) {
      counts.set(application_name, (counts.get(application_name) ?? 0) + 1);
    }
    for (const id of [1, 2]) {
      expect(counts.get(`main-job/worker ${id}`)).toBeGreaterThanOrEqual(2);
      expect(counts.get(`main-job/worker ${id}`)).toBeLessThanOrEqual(3);
    }
    expect(await running.end()).toEqual({ code: 0, signal: null });
    await vi.waitFor(async () => expect(await connections()).toEqual([]), WAIT);
  });

  it("refuses a framework of another version with 78 before any connection is opened", async () => {
    let opened = 0;
    const door = createServer((socket) => {
      opened += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(door, "listening");
    const address = door.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const running = launch({
      cwd: project({ ...files(), "dazzle.toml": toml().replace("~0.1", "~0.38") }),
      env: { DATABASE_URL: `postgresql://user:s3cret@127.0.0.1:${port}/db` },
    });
    expect((await running.exited).code).toBe(78);
    door.close();
    expect(opened).toBe(0);
    expect(running.stderr()).toMatch(/^supervise: .*0\.1\.0.*~0\.38.*npm install/m);
    expect(running.stdout() + running.stderr()).not.toContain("s3cret");
    expect(running.events()).toContain("pin.mismatch");
  });

  it("says 69 and never the password when the database can't be had", async () => {
    const running = launch({
      cwd: project(files()),
      env: { DATABASE_URL: urlOf("no_such_database", { user: "nobody_here", password: "s3cret" }) },
    });
    expect((await running.exited).code).toBe(69);
    expect(running.stderr().trimEnd().split("\n")).toHaveLength(1);
    expect(running.stdout() + running.stderr()).not.toContain("s3cret");
  });

  it("refuses to start in production without a database", async () => {
    const running = launch({ cwd: project(files()), env: { DAZZLE_ENV: "production" } });
    expect((await running.exited).code).toBe(69);
    expect(running.stderr()).toContain("DATABASE_URL");
  });
});

describe("many at once", () => {
  it("twelve supervisors on an empty database all become ready, and exactly one applies", async () => {
    const own = await createDatabase();
    const folder = project(files("[pool]\nmin = 1\nmax = 1\n"));
    const all = await Promise.all(
      Array.from({ length: 12 }, async () =>
        launch({
          cwd: folder,
          args: ["--workers", "1", "--port", String(await freePort())],
          env: { DATABASE_URL: own.url },
        }),
      ),
    );
    await Promise.all(all.map((running) => running.waitFor("supervisor.ready")));
    const appliers = all.filter((running) => running.events().includes("migrate.step"));
    expect(appliers).toHaveLength(1);
    expect(await Promise.all(all.map((running) => running.end()))).toEqual(
      all.map(() => ({ code: 0, signal: null })),
    );
    await own.drop();
  });
});

describe("the ways to start it", () => {
  it("`supervise --workers 4` runs four workers", async () => {
    const { running, url } = await start(["--workers", "4"]);
    const pids = new Set<number>();
    for (let n = 0; n < 400 && pids.size < 4; n += 1) {
      const response = await fetch(url, { headers: { connection: "close" } });
      const body: unknown = await response.json();
      if (typeof body === "object" && body !== null && "pid" in body) pids.add(Number(body.pid));
    }
    expect(pids.size).toBe(4);
    expect(await running.end("SIGINT")).toEqual({ code: 0, signal: null });
  });

  it("the Procfile's web entry works under a Procfile runner", async () => {
    const root = join(import.meta.dirname, "..", "..");
    const port = await freePort();
    const running = launch({
      cwd: root,
      command: [process.execPath, join(root, "node_modules/foreman/nf.js")],
      args: ["start", "--raw", "--port", String(port), "web"],
      env: { DATABASE_URL: database.url, WEB_CONCURRENCY: "2", DAZZLE_DB_POOL_MAX: "3" },
    });
    const ready = await running.waitFor("supervisor.ready");
    expect(ready["url"]).toBe(`http://localhost:${port}`);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    expect(readFileSync(join(root, "Procfile"), "utf8")).toContain(
      "--workers ${WEB_CONCURRENCY:-4}",
    );
    // What Ctrl-C does to it: the runner tells its processes to end and does not wait for them.
    await running.end("SIGINT");
    await vi.waitFor(() => expect(isAlive(Number(ready["pid"]))).toBe(false), WAIT);
    await vi.waitFor(async () => expect(await connections()).toEqual([]), WAIT);
  });

  const canUnshare = spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "true"]).status === 0;
  it.skipIf(!canUnshare)(
    "as PID 1 of a namespace it serves, drains on TERM and leaves nothing",
    async (context) => {
      if (!canUnshare) context.skip("this machine does not allow new pid namespaces");
      const port = await freePort();
      const running = launch({
        cwd: project(files()),
        command: [
          "unshare",
          "--pid",
          "--fork",
          "--mount-proc",
          "--kill-child",
          process.execPath,
          PROGRAM,
        ],
        args: ["--workers", "2", "--port", String(port)],
        env: { DATABASE_URL: database.url },
      });
      await running.waitFor("supervisor.ready");
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
      const inside = Number(
        execFileSync("pgrep", ["-P", String(running.pid)], { encoding: "utf8" }),
      );
      process.kill(inside, "SIGTERM");
      expect(await running.exited).toEqual({ code: 0, signal: null });
      await vi.waitFor(async () => expect(await connections()).toEqual([]), WAIT);
    },
  );
});
