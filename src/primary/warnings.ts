/** The most recent warnings and errors, for `status` and `top`. */
import type { Warning } from "../control/protocol.js";
import type { LogSink } from "../log/logger.js";

const KEPT = 20;

export interface Remembering {
  readonly log: LogSink;
  readonly warnings: () => readonly Warning[];
}

/** A logger that passes everything on and remembers what was worth a warning. */
export function rememberWarnings(log: LogSink): Remembering {
  let warnings: Warning[] = [];
  return {
    warnings: () => warnings,
    log: {
      ...log,
      event: (level, event, msg, fields) => {
        if (level === "warn" || level === "error" || level === "fatal") {
          const time = new Date().toISOString();
          warnings = [...warnings, { time, event, msg }].slice(-KEPT);
        }
        log.event(level, event, msg, fields);
      },
    },
  };
}
