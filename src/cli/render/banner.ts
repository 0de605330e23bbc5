/** The start banner: what runs where, with which profile, pool and plan, in one glance. */
import pc from "picocolors";
import type { Fields, LogEvent, LogSink } from "../../log/logger.js";

type Told = ReadonlyMap<LogEvent, Fields>;

/** The events whose fields the banner is made of. */
const KEPT: ReadonlySet<LogEvent> = new Set([
  "supervisor.starting",
  "database.connected",
  "migrate.done",
  "budget.ok",
  "budget.exceeded",
  "supervisor.ready",
]);

const text = (fields: Fields | undefined, name: string): string => {
  const value = fields?.[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};

const many = (count: string, word: string): string => `${count} ${word}${count === "1" ? "" : "s"}`;

function planLine(done: Fields | undefined): string {
  if (done === undefined) return "nothing to apply";
  const applied = Number(text(done, "applied"));
  const unsafe = Number(text(done, "unsafe"));
  if (done["files"] === 0) return "no schema files; supervise init --from-database writes one";
  const first = applied === 0 ? "up to date" : `${many(String(applied), "statement")} applied`;
  return unsafe === 0
    ? first
    : `${first}, ${many(String(unsafe), "change")} left to you: supervise migrate --dry-run`;
}

/** Lines with a title each, ending in a newline. */
function renderBanner(told: Told, colour: boolean): string {
  const paint = pc.createColors(colour);
  const start = told.get("supervisor.starting");
  const ready = told.get("supervisor.ready");
  const database = told.get("database.connected");
  const budget = told.get("budget.ok") ?? told.get("budget.exceeded");
  const development = text(start, "env") === "development";
  const page = text(ready, "page");
  const rows: (readonly [string, string])[] = [
    [
      "application",
      `${paint.bold(text(ready, "url"))}  ${text(start, "entry")}, ${many(text(ready, "workers"), "worker")}`,
    ],
    [
      "database",
      `${text(database, "database")} at ${text(database, "host")}:${text(database, "port")}, PostgreSQL ${text(database, "server_version")}`,
    ],
    [
      "pool",
      `${text(start, "pool_min")} to ${text(start, "pool_max")} connections a worker, ${text(budget, "demand")} of ${text(budget, "capacity")} in all`,
    ],
    ["schema", planLine(told.get("migrate.done"))],
  ];
  if (development) {
    rows.push(["page", page === "" ? "off; --control-port 9000 turns it on" : paint.bold(page)]);
    rows.push(["changes", ready?.["watching"] === true ? "reload as you save" : "not watched"]);
  }
  const seconds = (Number(text(ready, "boot_ms")) / 1_000).toFixed(1);
  const title = `${text(start, "project")} is ready in ${text(start, "env")} after ${seconds} s`;
  return [
    "",
    `  ${paint.green(paint.bold(title))}`,
    ...rows.map(([name, value]) => `  ${paint.dim(name.padEnd(13))}${value}`),
    "",
    "",
  ].join("\n");
}

/** The sink, with the banner printed behind the line that says ready. */
export function withBanner(sink: LogSink, print: (text: string) => void, colour: boolean): LogSink {
  const told = new Map<LogEvent, Fields>();
  return {
    ...sink,
    event: (level, event, msg, fields = {}) => {
      sink.event(level, event, msg, fields);
      if (!KEPT.has(event)) return;
      told.set(event, fields);
      if (event === "supervisor.ready") print(renderBanner(told, colour));
    },
  };
}
