/**
 * The logger: one line for each event, and workers' output lines as they come. It writes JSON itself:
 * a line is one JSON.stringify, and loading a logging library would cost a tenth of the start-up time.
 */
import { formatJson, outputJson } from "./json.js";
import { destinationOf, type Stream } from "./destination.js";
import type { Fields, Level, LogEvent, LogLine, LogSink } from "./logger.js";
import { RECORD_MARK } from "./record.js";
import { formatPretty, outputPretty } from "./pretty.js";
import { counted } from "../util/counted.js";

type Format = "json" | "pretty" | "record";

export interface LoggerOptions {
  /** `record` is how a worker's own log lines travel to the primary, through its stdout. */
  readonly format: Format;
  /** The least level that is written. */
  readonly level: Level;
  /** Default: stdout. */
  readonly stream?: Stream;
  /**
   * Lines begin to be lost, for the reason that `code` names: the disk is full, or nobody reads any more. It does
   * not end the program; how many they were is logged when there is room again. Default: that is left to
   * whoever owns the stream.
   */
  readonly onLoss?: (code: string) => void;
}

const RANK: Readonly<Record<Level, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

export function createLogger(options: LoggerOptions): LogSink {
  const { format, level: least, stream = process.stdout } = options;
  const { onLoss } = options;
  const tell = (lines: number, code: string): string =>
    textOf({
      time: new Date(),
      level: "warn",
      msg: `${counted(lines, "line")} before this one could not be written (${code})`,
      fields: { lines_lost: lines, code },
    });
  const report = onLoss === undefined ? null : { begins: onLoss, tell };
  const destination = destinationOf(stream, report);
  const { NO_COLOR = "", TERM } = process.env;
  const colour = stream.isTTY === true && NO_COLOR === "" && TERM !== "dumb";
  const textOf = (line: LogLine): string =>
    format === "pretty"
      ? formatPretty(line, colour)
      : (format === "record" ? RECORD_MARK : "") + formatJson(line);
  const write = (level: Level, event: LogEvent | undefined, msg: string, fields: Fields = {}) => {
    if (RANK[level] < RANK[least]) return;
    const line: LogLine = {
      time: new Date(),
      level,
      ...(event === undefined ? {} : { event }),
      msg,
      fields,
    };
    destination.write(textOf(line));
  };
  return {
    event: write,
    debug: (msg, fields) => write("debug", undefined, msg, fields),
    info: (msg, fields) => write("info", undefined, msg, fields),
    warn: (msg, fields) => write("warn", undefined, msg, fields),
    error: (msg, fields) => write("error", undefined, msg, fields),
    output: (source, lines) =>
      destination.write(
        format === "pretty" ? outputPretty(source, lines, colour) : outputJson(source, lines),
      ),
    drained: () => destination.drained(),
    reopen: () => destination.reopen(),
  };
}
