/** One frame of `supervise top`: as many lines as the terminal has, none wider than it. */
import pc from "picocolors";
import type { Status, WorkerStatus } from "../../control/protocol.js";
import { formatDuration, formatSize } from "../../util/units.js";
import { bar, sparkline } from "./sparkline.js";
import { hangMessage } from "./wrap.js";
import { renderTable, type Column } from "./table.js";

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

export interface TopView {
  readonly status: Status;
  /** The p99 of waits in milliseconds, a value each second, newest last. */
  readonly waits: readonly number[];
  /** What the last key led to; empty when there is nothing to say. */
  readonly message: string;
}

const COLUMNS: readonly Column[] = [
  { title: "#", align: "right" },
  { title: "pid", align: "right" },
  { title: "state" },
  { title: "up", align: "right" },
  { title: "cpu", align: "right" },
  { title: "memory", align: "right" },
  { title: "loop max", align: "right" },
  { title: "req/s", align: "right" },
  { title: "pool" },
];

const BAR = 10;

type Paint = ReturnType<typeof pc.createColors>;

function row(worker: WorkerStatus, paint: Paint): string[] {
  const most = worker.pools.reduce((sum, pool) => sum + pool.max, 0);
  const used = worker.pools.reduce((sum, pool) => sum + pool.total - pool.idle, 0);
  const waiting = worker.pools.reduce((sum, pool) => sum + pool.waiting, 0);
  const full = waiting > 0 ? paint.red : used >= most && most > 0 ? paint.yellow : paint.green;
  const state = worker.state === "ready" ? paint.green : paint.yellow;
  const busy = worker.event_loop_delay_ms.max > 200 ? paint.yellow : String;
  return [
    String(worker.id),
    worker.pid?.toString() ?? "-",
    state(worker.state),
    formatDuration(Math.floor(worker.uptime_s) * 1_000),
    `${Math.round(worker.cpu_percent)} %`,
    formatSize(worker.rss_bytes),
    busy(`${Math.round(worker.event_loop_delay_ms.max)} ms`),
    String(Math.round(worker.requests.per_s)),
    most === 0
      ? "-"
      : `${full(bar(used, most, BAR))} ${used}/${most}${waiting > 0 ? ` +${waiting}` : ""}`,
  ];
}

const wait = (ms: number): string => (ms < 10 ? ms.toFixed(1) : String(Math.round(ms)));

// Escape sequences take no room; a line is cut where its visible text ends.
const PIECE = new RegExp(String.raw`(\u001b\[[0-9;]*m)|(.)`, "gu");

/** The first `width` visible characters, with every colour closed. */
function cut(line: string, width: number): string {
  let seen = 0;
  let text = "";
  for (const [piece, escape] of line.matchAll(PIECE)) {
    if (escape === undefined && (seen += 1) > width) continue;
    text += piece;
  }
  return text;
}

/** Lines joined by newlines, exactly `rows` of them. */
export function renderTop({ status, waits, message }: TopView, screen: Screen): string {
  const paint = pc.createColors(screen.colour);
  const { pool, workers, warnings } = status;
  const healthy = status.state === "running" || status.state === "reloading";
  const head = [
    `${paint.bold("supervise")} ${status.version}  ${status.env}  ${healthy ? paint.green(status.state) : paint.yellow(status.state)}` +
      `  generation ${status.generation}  up ${formatDuration(Math.floor(status.uptime_s) * 1_000)}  ${status.url ?? ""}`,
    "",
    ...renderTable(
      COLUMNS,
      workers.map((worker) => row(worker, paint)),
    ).split("\n"),
    "",
    `pool   ${bar(pool.total - pool.idle, pool.max, 20)} ${pool.total - pool.idle} of ${pool.max} in use, ${pool.total} open, ${pool.waiting} waiting`,
    `waits  p50 ${wait(pool.wait_ms.p50)}  p95 ${wait(pool.wait_ms.p95)}  p99 ${wait(pool.wait_ms.p99)}  max ${wait(pool.wait_ms.max)} ms  ${paint.cyan(sparkline(waits.slice(-30)))}`,
    `       ${pool.checkouts} checkouts, ${pool.timeouts} timed out`,
    ...(warnings.length === 0 ? [] : ["", paint.bold("warnings")]),
  ];
  const foot = [message, paint.dim("r reload   + - workers   q quit")];
  const room = Math.max(0, screen.rows - head.length - foot.length);
  const recent = warnings
    .flatMap(({ time, msg }) =>
      hangMessage(`${paint.dim(time.slice(11, 19))} `, msg, screen.columns),
    )
    .slice(-room);
  const body = [...head, ...(room === 0 ? [] : recent)].slice(0, screen.rows - foot.length);
  const gap = Array.from({ length: screen.rows - foot.length - body.length }, () => "");
  return [...body, ...gap, ...foot].map((line) => cut(line, screen.columns)).join("\n");
}
