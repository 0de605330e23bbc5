import { describe, expect, it } from "vitest";
import { renderStatus } from "../../../src/cli/render/status.js";
import { renderTable } from "../../../src/cli/render/table.js";
import type { Status } from "../../../src/control/protocol.js";

const wait_ms = { p50: 0.12, p95: 1.4, p99: 3.2, max: 10.9 };
const size = {
  min: 5,
  max: 20,
  total: 12,
  idle: 9,
  waiting: 3,
  wait_ms,
  checkouts: 123_456_789,
  timeouts: 42,
};

const status: Status = {
  pid: 4_194_303,
  version: "0.1.0",
  env: "production",
  state: "running",
  started_at: "2026-11-22T10:00:00.000Z",
  uptime_s: 359_999,
  url: "http://0.0.0.0:8000",
  generation: 12,
  workers: [1, 2].map((id) => ({
    id,
    pid: id === 1 ? 4_194_302 : null,
    state: id === 1 ? "draining" : "backoff",
    generation: 12,
    uptime_s: 359_999,
    restarts: 104,
    cpu_percent: 199.6,
    rss_bytes: 1_912_345_678,
    event_loop_delay_ms: { p50: 10, p99: 1_234, max: 5_000 },
    requests: { total: 1_000_000, in_flight: 3, per_s: 12_345.6 },
    pools: [{ name: "main", ...size }],
  })),
  pool: size,
  budget: { max_connections: 100, reserved: 3, ours: 41, others: 12, available: 44 },
  migrations: {
    current: "20261122101500",
    pending: [],
    last_applied_at: "2026-11-22T10:00:00.000Z",
  },
  warnings: [],
};

describe("status for people", () => {
  it("fits 80 columns, also with the largest numbers", () => {
    const lines = renderStatus(status, { colour: false }).split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it("shows each worker, the summed pool, the budget and the revision", () => {
    const text = renderStatus(status, { colour: false });
    expect(text).toContain("4194302  draining");
    expect(text).toContain("12 of 20 connections open, 9 idle, 3 waiting");
    expect(text).toContain("p99 3.2");
    expect(text).toContain("44 left");
    expect(text).toContain("revision 20261122101500, none pending");
  });

  it("tells each warning to its end, folded below its beginning", () => {
    const msg = `pool "main" is exhausted: ${"one word after another ".repeat(8)}raise pool.max to 7`;
    const warnings = [{ time: "2026-11-22T10:00:00.000Z", event: "pool.exhausted", msg }];
    const lines = renderStatus({ ...status, warnings }, { colour: true }).split("\n");
    const at = lines.findIndex((line) => line.includes("10:00:00"));
    const told = lines.slice(at, -1);
    expect(told.length).toBeGreaterThan(2);
    expect(told.slice(1).every((line) => line.startsWith(" ".repeat(21)))).toBe(true);
    const text = told.map((line) => line.trim()).join(" ");
    expect(text.slice(text.indexOf("pool"))).toBe(msg);
    expect(told.slice(1).filter((line) => line.length > 80)).toEqual([]);
  });

  it("has colour only when asked", () => {
    expect(renderStatus(status, { colour: false })).not.toContain("\u001b");
    expect(renderStatus(status, { colour: true })).toContain("\u001b[");
  });
});

describe("tables", () => {
  it("aligns columns and ends no line in a space", () => {
    const text = renderTable(
      [{ title: "name" }, { title: "n", align: "right" }],
      [
        ["a", "1"],
        ["long", "100"],
      ],
    );
    expect(text).toBe("name    n\na       1\nlong  100");
  });
});
