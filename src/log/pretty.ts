/** Log lines for people: local time, level, event, sentence, fields. */
import { parseRecord } from "./record.js";
import type { Level, LineSource, LogLine } from "./logger.js";

const COLOUR: Readonly<Record<Level, number>> = {
  trace: 90,
  debug: 90,
  info: 32,
  warn: 33,
  error: 31,
  fatal: 31,
};

const paint = (text: string, code: number, colour: boolean): string =>
  colour ? `\u001b[${code}m${text}\u001b[0m` : text;

/** The longest of the stable names, so that sentences stand below each other. */
const EVENT_WIDTH = "supervisor.starting".length;

/** A person has read their fields in the sentence, or finds them in the banner. */
const SAID: ReadonlySet<string> = new Set([
  "supervisor.starting",
  "supervisor.ready",
  "pin.verified",
  "database.connected",
  "lock.acquired",
  "lock.released",
  "budget.ok",
  "worker.forked",
  "migrate.plan",
  "migrate.done",
  "watch.changed",
  "reload.started",
  "reload.done",
]);

const clock = (time: Date): string =>
  [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");

function show(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  const text: unknown = JSON.stringify(value);
  return typeof text === "string" ? text : String(value);
}

/** Long texts (a stack, a worker's last lines) stand on lines of their own below. */
const isBlock = (value: unknown): value is string =>
  typeof value === "string" && value.includes("\n");

/** A reason of three lines that ends the sentence already is not told twice. */
const isTold = (value: string, msg: string): boolean => value.includes(" ") && msg.includes(value);

export function formatPretty(
  { time, level, event, msg, fields }: LogLine,
  colour: boolean,
): string {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const inline = entries
    .filter(([, value]) => !isBlock(value) && !(level === "info" && SAID.has(event ?? "")))
    .filter(([, value]) => !(typeof value === "string" && isTold(value, msg)))
    .map(([key, value]) => paint(`${key}=${show(value)}`, 90, colour));
  const blocks = entries
    .map(([, value]) => value)
    .filter(isBlock)
    .map((text) => `\n${text.trimEnd().replace(/^/gm, "    ")}`);
  const head = [
    paint(clock(time), 90, colour),
    paint(level.padEnd(5), COLOUR[level], colour),
    ...(event === undefined ? [] : [paint(event.padEnd(EVENT_WIDTH), 36, colour)]),
    msg,
  ];
  return `${[...head, ...inline].join(" ")}${blocks.join("")}\n`;
}

export function outputPretty(
  source: LineSource,
  lines: readonly string[],
  colour: boolean,
): string {
  const tag = paint(`worker ${source.worker} |`, source.stream === "stderr" ? 33 : 34, colour);
  return lines.map((line) => `${tag} ${ownLine(line)}\n`).join("");
}

/** What a tagged line says by its tag and its beginning. */
const TOLD = new Set(["level", "msg", "time", "pid", "event"]);

/** A worker's own log line loses what the tag says already. */
function ownLine(line: string): string {
  const record = parseRecord(line);
  if (record === null) return line;
  const { level, msg } = record;
  const rest = Object.entries(record)
    .filter(([key]) => !TOLD.has(key))
    .map(([key, value]) => `${key}=${show(value)}`);
  return [String(level), String(msg), ...rest].join(" ");
}
