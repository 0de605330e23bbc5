/**
 * The recent log for the development page: a logger that passes everything on and keeps the last
 * lines. Until `keep` is called it only passes on, and outside development it never is.
 */
import type { Fields, Level, LogEvent, LogSink } from "../../log/logger.js";
import { parseRecord } from "../../log/record.js";
import type { DevProblem, FeedLine } from "./wire.js";

export interface LogFeed {
  readonly log: LogSink;
  /** Begins to keep lines. */
  keep(): void;
  /** Oldest first. */
  lines(): readonly FeedLine[];
  problem(): DevProblem | null;
  /** A pool is exhausted right now. */
  exhausted(): boolean;
  /** Called with each new line; returns how to end that. */
  subscribe(listener: (line: FeedLine) => void): () => void;
}

/** A screenful several times over; some 300 kB at most for lines of usual length. */
const KEPT = 1_000;
const LONGEST = 8_000;
/** A worker's last lines of stderr tell what it crashed of. */
const LAST_WORDS = 20;

/** Parts of a worker's own log line that the feed shows by themselves. */
const SHOWN = new Set(["time", "pid", "event", "level", "msg"]);

const LEVELS: readonly string[] = ["trace", "debug", "info", "warn", "error", "fatal"];
const isLevel = (value: unknown): value is Level =>
  typeof value === "string" && LEVELS.includes(value);

export function createLogFeed(sink: LogSink): LogFeed {
  const listeners = new Set<(line: FeedLine) => void>();
  let kept: FeedLine[] = [];
  let keeping = false;
  let count = 0;
  let problem: DevProblem | null = null;
  let exhausted = false;

  const add = (line: Omit<FeedLine, "id" | "time">): void => {
    count += 1;
    const whole = { id: count, time: new Date().toISOString(), ...line };
    kept.push(whole);
    if (kept.length > KEPT * 1.2) kept = kept.slice(-KEPT);
    for (const listener of listeners) listener(whole);
  };
  const note = (level: Level, event: LogEvent | null, msg: string, fields: Fields = {}): void => {
    if (!keeping) return;
    const worker = fields["worker"];
    if (event !== null) judge(event, msg, fields);
    add({
      level,
      event,
      msg: msg.slice(0, LONGEST),
      worker: typeof worker === "number" ? worker : null,
      stream: null,
      fields,
    });
  };
  const lastWords = (worker: unknown): string =>
    kept
      .filter((line) => line.stream === "stderr" && line.worker === worker)
      .slice(-LAST_WORDS)
      .map(({ msg }) => msg)
      .join("\n");

  /** What an event says about the application's health. */
  const judge = (event: LogEvent, msg: string, fields: Fields): void => {
    const time = new Date().toISOString();
    const details = fields["details"];
    if (event === "reload.abandoned") {
      problem = { time, kind: "reload", msg, details: typeof details === "string" ? details : "" };
    } else if (
      event === "worker.exit" &&
      fields["expected"] === false &&
      fields["ready"] === true
    ) {
      const frame = typeof details === "string" ? `${details}\n\n` : "";
      problem = { time, kind: "crash", msg, details: frame + lastWords(fields["worker"]) };
    } else if (event === "reload.done" || (event === "worker.ready" && problem?.kind === "crash")) {
      problem = null;
    } else if (event === "pool.exhausted") exhausted = true;
    else if (event === "pool.recovered") exhausted = false;
  };

  const log: LogSink = {
    event: (level, event, msg, fields) => {
      note(level, event, msg, fields);
      sink.event(level, event, msg, fields);
    },
    debug: (msg, fields) => {
      note("debug", null, msg, fields);
      sink.debug(msg, fields);
    },
    info: (msg, fields) => {
      note("info", null, msg, fields);
      sink.info(msg, fields);
    },
    warn: (msg, fields) => {
      note("warn", null, msg, fields);
      sink.warn(msg, fields);
    },
    error: (msg, fields) => {
      note("error", null, msg, fields);
      sink.error(msg, fields);
    },
    output: (source, lines) => {
      if (keeping) for (const line of lines) add(outputLine(source, line));
      sink.output(source, lines);
    },
    drained: () => sink.drained(),
    reopen: () => sink.reopen(),
  };
  return {
    log,
    keep: () => {
      keeping = true;
    },
    lines: () => kept.slice(-KEPT),
    problem: () => problem,
    exhausted: () => exhausted,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function outputLine(
  source: { readonly worker: number; readonly stream: "stdout" | "stderr" },
  line: string,
): Omit<FeedLine, "id" | "time"> {
  const { worker, stream } = source;
  const record = parseRecord(line);
  if (record === null) {
    const level = stream === "stderr" ? "warn" : "info";
    return { level, event: null, msg: line.slice(0, LONGEST), worker, stream, fields: {} };
  }
  const { level, msg } = record;
  const fields = Object.fromEntries(Object.entries(record).filter(([key]) => !SHOWN.has(key)));
  return {
    level: isLevel(level) ? level : "info",
    event: null,
    msg: String(msg).slice(0, LONGEST),
    worker,
    stream,
    fields,
  };
}
