/** The most recent warnings and errors, for `status` and `top`. */
import type { Warning } from "../control/protocol.js";
import type { LogSink } from "../log/logger.js";

const KEPT = 20;

export interface Remembering {
  readonly log: LogSink;
  readonly warnings: () => readonly Warning[];
}

/** A logger that passes everything on and remembers what was worth a warning, with an event's name or "". */
export function rememberWarnings(log: LogSink): Remembering {
  let warnings: Warning[] = [];
  const keep = (event: string, msg: string): void => {
    warnings = [...warnings, { time: new Date().toISOString(), event, msg }].slice(-KEPT);
  };
  return {
    warnings: () => warnings,
    log: {
      ...log,
      event: (level, event, msg, fields) => {
        if (level === "warn" || level === "error" || level === "fatal") keep(event, msg);
        log.event(level, event, msg, fields);
      },
      warn: (msg, fields) => {
        keep("", msg);
        log.warn(msg, fields);
      },
      error: (msg, fields) => {
        keep("", msg);
        log.error(msg, fields);
      },
    },
  };
}
