import { expect, it } from "vitest";
import { withBanner } from "../../../src/cli/render/banner.js";
import { createLogger } from "../../../src/log/sink.js";

it("says once what runs where, with which profile, pool and plan", () => {
  let printed = "";
  const sink = createLogger({ format: "json", level: "fatal", stream: process.stderr });
  const log = withBanner(sink, (text) => (printed += text), false);
  log.event("info", "supervisor.starting", "", {
    project: "notes",
    env: "development",
    entry: "app.js",
    pool_min: 2,
    pool_max: 10,
  });
  log.event("info", "database.connected", "", {
    host: "127.0.0.1",
    port: 5432,
    database: "notes",
    server_version: "15.18",
  });
  log.event("info", "migrate.done", "", { applied: 1, unsafe: 2 });
  log.event("info", "budget.ok", "", { demand: 21, capacity: 97 });
  expect(printed).toBe("");
  log.event("info", "supervisor.ready", "", {
    url: "http://127.0.0.1:8000",
    workers: 2,
    boot_ms: 1_234,
    page: "http://127.0.0.1:9000/dazzle/dev/",
    watching: true,
  });
  expect(printed).toContain("notes is ready in development after 1.2 s");
  expect(printed).toContain("http://127.0.0.1:8000  app.js, 2 workers");
  expect(printed).toContain("notes at 127.0.0.1:5432, PostgreSQL 15.18");
  expect(printed).toContain("2 to 10 connections a worker, 21 of 97 in all");
  expect(printed).toContain("1 statement applied, 2 changes left to you");
  expect(printed).toContain("http://127.0.0.1:9000/dazzle/dev/");
  expect(printed).toContain("reload as you save");
});
