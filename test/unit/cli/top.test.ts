import { describe, expect, it } from "vitest";
import { renderStatus } from "../../../src/cli/render/status.js";
import { bar, sparkline } from "../../../src/cli/render/sparkline.js";
import { renderTop } from "../../../src/cli/render/top.js";
import type { Status } from "../../../src/control/protocol.js";

const pool = {
  min: 2,
  max: 8,
  total: 8,
  idle: 2,
  waiting: 3,
  wait_ms: { p50: 0.12, p95: 1.4, p99: 432.1, max: 1_900 },
  checkouts: 12_345,
  timeouts: 4,
};
const status: Status = {
  pid: 4_194_303,
  version: "0.1.0",
  env: "development",
  state: "running",
  started_at: "2026-11-22T10:00:00.000Z",
  uptime_s: 359_999,
  url: "http://127.0.0.1:8000",
  generation: 3,
  workers: Array.from({ length: 4 }, (_, at) => ({
    id: at + 1,
    pid: 4_194_300 + at,
    state: "ready" as const,
    generation: 3,
    uptime_s: 359_999,
    restarts: 0,
    cpu_percent: 99.6,
    rss_bytes: 98_000_000,
    event_loop_delay_ms: { p50: 10, p99: 234, max: 500 },
    requests: { total: 1_000, in_flight: 3, per_s: 12_345 },
    pools: [{ name: "main", ...pool }],
  })),
  pool,
  waits: Array.from({ length: 30 }, (_, at) => at * at),
  budget: null,
  migrations: null,
  warnings: Array.from({ length: 20 }, (_, at) => ({
    time: "2026-11-22T10:00:00.000Z",
    event: "pool.exhausted",
    msg: `pool "main" is exhausted, line ${at}, ${"and on ".repeat(30)}`,
  })),
};
const visible = (line: string): number =>
  line.replaceAll(new RegExp(String.raw`\u001b\[[0-9;]*m`, "g"), "").length;

describe("top", () => {
  it.each([
    [80, 24],
    [40, 12],
    [200, 60],
  ])("fills a screen of %i by %i and no more, in colour too", (columns, rows) => {
    const view = { status, waits: status.waits ?? [], message: "" };
    const lines = renderTop(view, { columns, rows, colour: true }).split("\n");
    expect(lines).toHaveLength(rows);
    expect(lines.filter((line) => visible(line) > columns)).toEqual([]);
  });

  it("shows each worker with its pool, the newest warnings and the keys", () => {
    const view = { status, waits: [], message: "reloading..." };
    const text = renderTop(view, { columns: 120, rows: 30, colour: false });
    expect(text).toContain("4194300");
    expect(text).toContain("████████░░ 6/8 +3");
    expect(text).toContain("line 19");
    expect(text).toContain("reloading...");
    expect(text).toContain("q quit");
  });
});

describe("bars", () => {
  it("are scaled to the largest value, or to what is full", () => {
    expect(sparkline([0, 1, 4, 8])).toBe(" ▁▄█");
    expect(sparkline([])).toBe("");
    expect(bar(3, 4, 8)).toBe("██████░░");
    expect(bar(9, 4, 4)).toBe("████");
  });

  it("stand behind the waits in status, within 80 columns", () => {
    const line = renderStatus(status, { colour: false })
      .split("\n")
      .find((one) => one.startsWith("waits"));
    expect(line).toContain("█");
    expect(line?.length).toBeLessThanOrEqual(80);
  });
});
