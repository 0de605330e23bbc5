/** `supervise status` for people: fits 80 columns. */
import pc from "picocolors";
import type { Status, WorkerStatus } from "../../control/protocol.js";
import { formatDuration, formatSize } from "../../util/units.js";
import { sparkline } from "./sparkline.js";
import { renderTable, type Column } from "./table.js";
import { hangMessage } from "./wrap.js";

const WIDTH = 80;

const COLUMNS: readonly Column[] = [
  { title: "#", align: "right" },
  { title: "pid", align: "right" },
  { title: "state" },
  { title: "gen", align: "right" },
  { title: "up", align: "right" },
  { title: "restarts", align: "right" },
  { title: "cpu", align: "right" },
  { title: "memory", align: "right" },
  { title: "loop", align: "right" },
  { title: "req/s", align: "right" },
];

const whole = (value: number): string => Math.round(value).toString();
const loopDelay = (ms: number): string => formatDuration(Number(ms.toPrecision(2)));

/** Milliseconds below ten keep a digit: `0.4`, `12`, `340`. */
const wait = (value: number): string =>
  value < 10 ? Number(value.toFixed(1)).toString() : whole(value);

const row = (worker: WorkerStatus): string[] => [
  worker.id.toString(),
  worker.pid?.toString() ?? "-",
  worker.state,
  worker.generation.toString(),
  formatDuration(Math.floor(worker.uptime_s) * 1_000),
  worker.restarts.toString(),
  `${whole(worker.cpu_percent)} %`,
  formatSize(worker.rss_bytes),
  loopDelay(worker.event_loop_delay_ms.max),
  whole(worker.requests.per_s),
];

/** What is left of a line of 80 columns. */
function recentWaits(values: readonly number[], taken: number): string {
  const room = Math.max(0, 78 - taken);
  const line = sparkline(values.slice(-room));
  return line.trim() === "" ? "" : `  ${line}`;
}

function poolLines({ pool, waits = [] }: Status): string[] {
  const { p50, p95, p99, max } = pool.wait_ms;
  const figures = `waits       p50 ${wait(p50)}  p95 ${wait(p95)}  p99 ${wait(p99)}  max ${wait(max)} ms`;
  return [
    `pool        ${pool.total} of ${pool.max} connections open, ${pool.idle} idle, ${pool.waiting} waiting`,
    figures + recentWaits(waits, figures.length),
    `checkouts   ${pool.checkouts}, of which ${pool.timeouts} timed out`,
  ];
}

function databaseLines({ budget, migrations }: Status): string[] {
  const lines: string[] = [];
  if (budget !== null) {
    lines.push(
      `budget      ours ${budget.ours}, others ${budget.others}, reserved ${budget.reserved}` +
        ` of ${budget.max_connections}: ${budget.available} left`,
    );
  }
  if (migrations !== null) {
    const pending = migrations.pending.length;
    const applied = migrations.last_applied_at;
    lines.push(
      `migrations  revision ${migrations.current ?? "none"}, ${pending === 0 ? "none pending" : `${pending} pending`}` +
        (applied === null ? "" : `, last applied ${applied.slice(0, 16).replace("T", " ")}`),
    );
  }
  return lines;
}

/** The whole view, ending in a newline. */
export function renderStatus(status: Status, look: { colour: boolean }): string {
  const paint = pc.createColors(look.colour);
  const healthy = status.state === "running" || status.state === "reloading";
  const state = healthy ? paint.green(status.state) : paint.yellow(status.state);
  const lines = [
    `${paint.bold("supervise")} ${status.version}  ${status.env}  ${state}  pid ${status.pid}` +
      `  up ${formatDuration(Math.floor(status.uptime_s) * 1_000)}  generation ${status.generation}`,
    ...(status.url === null ? [] : [status.url]),
    "",
    renderTable(COLUMNS, status.workers.map(row)),
    "",
    ...poolLines(status),
    ...databaseLines(status),
    ...status.warnings
      .slice(-5)
      .flatMap(({ time, msg }) =>
        hangMessage(`${paint.yellow("warning")}     ${time.slice(11, 19)} `, msg, WIDTH),
      ),
  ];
  return `${lines.join("\n")}\n`;
}
