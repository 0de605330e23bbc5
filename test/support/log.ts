/** Loggers for tests. */
import type { Fields, Level, LogEvent, Logger } from "../../src/log/logger.js";

export interface LoggedLine {
  readonly level: Level;
  readonly event: LogEvent | null;
  readonly msg: string;
  readonly fields: Fields;
}

export interface RecordingLog extends Logger {
  readonly lines: LoggedLine[];
  /** The lines of one event, in order. */
  of(event: LogEvent): LoggedLine[];
  /** Resolves with the next line of `event` that is logged, or the first that was. */
  waitFor(event: LogEvent): Promise<LoggedLine>;
}

/** Keeps every line, and lets a test wait for one. */
export function recordingLog(): RecordingLog {
  const lines: LoggedLine[] = [];
  const waiting: { event: LogEvent; resolve: (line: LoggedLine) => void }[] = [];
  const add = (level: Level, event: LogEvent | null, msg: string, fields: Fields = {}): void => {
    const line = { level, event, msg, fields };
    lines.push(line);
    for (const waiter of waiting.splice(0)) {
      if (waiter.event === event) waiter.resolve(line);
      else waiting.push(waiter);
    }
  };
  const of = (event: LogEvent): LoggedLine[] => lines.filter((line) => line.event === event);
  return {
    lines,
    of,
    waitFor: (event) => {
      const [first] = of(event);
      if (first !== undefined) return Promise.resolve(first);
      return new Promise((resolve) => waiting.push({ event, resolve }));
    },
    event: add,
    debug: (msg, fields) => add("debug", null, msg, fields),
    info: (msg, fields) => add("info", null, msg, fields),
    warn: (msg, fields) => add("warn", null, msg, fields),
    error: (msg, fields) => add("error", null, msg, fields),
  };
}

/** Says nothing. */
export const silentLog: Logger = {
  event: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
