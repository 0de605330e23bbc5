import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Status } from "../../src/control/protocol.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import {
  FIXTURES,
  freePort,
  launch,
  project,
  PROGRAM,
  type LogLine,
  type Running,
} from "../support/supervisor.js";

interface Answer {
  readonly worker: number;
  /** Milliseconds, as the application saw it. */
  readonly waited: number;
}

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(() => database.drop());

async function start(
  app: string,
  poolMax: number,
): Promise<{ running: Running; cwd: string; url: string }> {
  const cwd = project({
    "dazzle.toml": `[project]\nname = "burst"\n[app]\nentry = "${join(FIXTURES, app)}"\nworkers = 2\n[pool]\nmin = 1\nmax = ${poolMax}\n`,
  });
  const port = await freePort();
  const running = launch({
    cwd,
    args: ["--port", String(port), "--no-watch", "--log-format", "json"],
    env: { DATABASE_URL: database.url },
  });
  await running.waitFor("supervisor.ready");
  return { running, cwd, url: `http://127.0.0.1:${port}/` };
}

async function burst(url: string): Promise<Answer[]> {
  return Promise.all(
    Array.from({ length: 40 }, async () => {
      const response = await fetch(url, { headers: { connection: "close" } });
      const answer: unknown = await response.json();
      return { worker: numberOf(answer, "worker"), waited: numberOf(answer, "waited") };
    }),
  );
}

function numberOf(value: unknown, ...path: string[]): number {
  let at = value;
  for (const key of path) {
    at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
  }
  if (typeof at !== "number") throw new TypeError(`no number at ${path.join(".")}`);
  return at;
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0;

/** Within a tenth of the truth, or two milliseconds where that is less. */
function expectNear(measured: number, truth: number): void {
  expect(Math.abs(measured - truth), `${measured} for ${truth}`).toBeLessThanOrEqual(
    Math.max(2, truth / 10),
  );
}

async function statusOf(cwd: string): Promise<Status> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, "status", "--json"], {
    cwd,
  });
  const parsed: unknown = JSON.parse(stdout);
  if (!isStatus(parsed)) throw new TypeError("no status");
  return parsed;
}

const isStatus = (value: unknown): value is Status =>
  typeof value === "object" && value !== null && "pool" in value && "workers" in value;

const workersOf = (line: LogLine): number[] =>
  "workers" in line && Array.isArray(line["workers"])
    ? line["workers"].map(Number)
    : [numberOf(line, "worker")];

test.each(["pool-factory.mjs", "pool-script.mjs"])(
  "a burst beyond the pool is told once a worker, truly, and the advice removes it: %s",
  async (app) => {
    const small = await start(app, 2);
    const answers = await burst(small.url);
    const waits = answers.map(({ waited }) => waited);
    for (const id of new Set(answers.map(({ worker }) => worker))) {
      await small.running.waitFor("pool.recovered", (line) => line["worker"] === id);
    }
    const exhausted = small.running.log.filter(({ event }) => event === "pool.exhausted");
    const told = exhausted.flatMap(workersOf);
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told).size).toBe(told.length);
    for (const line of small.running.log.filter(({ event }) => event === "pool.recovered")) {
      const own = answers
        .filter(({ worker }) => worker === line["worker"])
        .map(({ waited }) => waited);
      for (const [key, share] of [
        ["p50", 0.5],
        ["p95", 0.95],
        ["p99", 0.99],
        ["max", 1],
      ] as const) {
        expectNear(numberOf(line, "wait_ms", key), percentile(own, share));
      }
      expect(line["checkouts"]).toBe(own.length);
    }
    const { pool } = await statusOf(small.cwd);
    expect(pool).toMatchObject({ min: 2, max: 4, checkouts: 40, timeouts: 0, waiting: 0 });
    expectNear(pool.wait_ms.p99, percentile(waits, 0.99));
    expectNear(pool.wait_ms.p50, percentile(waits, 0.5));
    const advised = Math.max(...exhausted.map((line) => numberOf(line, "advised_max")));
    expect(exhausted.map((line) => line["cause"])).toEqual(exhausted.map(() => "undersized"));
    expect(await small.running.end()).toEqual({ code: 0, signal: null });

    const large = await start(app, advised);
    await burst(large.url);
    // Workers report each second; the burst is over sooner.
    const after = await vi.waitFor(
      async () => {
        const status = await statusOf(large.cwd);
        expect(status.pool.checkouts).toBe(40);
        return status;
      },
      { timeout: 20_000 },
    );
    // Opening the connections is all that is left to wait for.
    expect(after.pool.wait_ms.max).toBeLessThan(percentile(waits, 0.5));
    expect(large.running.events()).not.toContain("pool.exhausted");
    expect((await large.running.end()).code).toBe(0);
  },
);
