/** What a scraper sees while workers are stuck and after they have been killed. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady } from "../support/serve.js";
import { freePort } from "../support/supervisor.js";
import { parseOpenMetrics } from "../unit/metrics/parser.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const WAIT = { timeout: 30_000 };

test("a stuck worker holds no scrape up, and a killed one takes no count with it", async () => {
  const control = await freePort();
  const running = await serveReady({
    app: "query-factory.mjs",
    url: database.url,
    args: ["--control-port", String(control)],
  });
  const scrape = async (): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${control}/metrics`);
    expect(response.headers.get("content-type")).toMatch(/^application\/openmetrics-text/);
    return response.text();
  };
  /** A sample of each worker's pool, by slot. */
  const figure = (text: string, name: string): number[] => {
    parseOpenMetrics(text);
    const full = `dazzle_supervisor_pool_${name}`;
    return text
      .split("\n")
      .filter((line) => line.startsWith(`${full}{`))
      .map((line) => Number(line.split(" ").at(-1)));
  };
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const ask = async (): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${running.port}/`, {
      headers: { connection: "close" },
    });
    expect(await response.text()).toBe("served");
  };

  await Promise.all(Array.from({ length: 40 }, ask));
  await vi.waitFor(
    async () => expect(sum(figure(await scrape(), "checkouts_total"))).toBe(40),
    WAIT,
  );
  const [first = 0] = await running.workers();
  process.kill(first, "SIGSTOP");
  await vi.waitFor(
    async () =>
      expect(Math.max(...figure(await scrape(), "snapshot_age_seconds"))).toBeGreaterThan(2),
    WAIT,
  );
  expect(sum(figure(await scrape(), "checkouts_total"))).toBe(40);

  process.kill(first, "SIGKILL");
  await vi.waitFor(async () => {
    const pids = await running.workers();
    expect(pids).toHaveLength(2);
    expect(pids).not.toContain(first);
  }, WAIT);
  expect(sum(figure(await scrape(), "checkouts_total"))).toBe(40);
  expect(figure(await scrape(), "checkouts_total")).toHaveLength(2);
  await ask();
  await vi.waitFor(
    async () => expect(sum(figure(await scrape(), "checkouts_total"))).toBe(41),
    WAIT,
  );

  const plain = await fetch(`http://127.0.0.1:${control}/metrics`, {
    headers: { accept: "text/plain" },
  });
  expect(plain.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  expect((await running.end()).code).toBe(0);
});
