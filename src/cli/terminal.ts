/** The CliContext over this process's own streams, environment and global options. */
import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { loadConfig } from "../config/load.js";
import { EXIT, type ExitStatus } from "../errors.js";
import type { Level } from "../log/logger.js";
import { createLogger } from "../log/sink.js";
import type { CliContext, GlobalOptions, Io } from "./context.js";

function terminalIo(): Io {
  const { stdout, stderr, env } = process;
  return {
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    interactive: isatty(0) && isatty(2),
    // https://no-color.org: any non-empty value turns colour off.
    colour: isatty(1) && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
    columns: isatty(1) ? stdout.columns || 80 : Infinity,
  };
}

export interface Terminal {
  readonly context: CliContext & { setGlobals(options: Partial<GlobalOptions>): void };
  /** The status to exit with when nothing failed. */
  readonly outcome: () => ExitStatus;
  /** True when failures print their stack. */
  readonly debug: () => boolean;
}

export function createContext(): Terminal {
  const defaultFormat = (stream: "stdout" | "stderr") =>
    isatty(stream === "stdout" ? 1 : 2) ? "pretty" : "json";
  let globals: Partial<GlobalOptions> = {};
  let status: ExitStatus = EXIT.ok;
  const level = (): Level => globals.logLevel ?? "info";
  return {
    outcome: () => status,
    debug: () => level() === "debug" || level() === "trace",
    context: {
      io: terminalIo(),
      setGlobals: (options) => {
        globals = options;
      },
      globals: () => ({
        ...globals,
        logLevel: level(),
        logFormat: globals.logFormat ?? defaultFormat("stdout"),
      }),
      load: (flags = {}) => {
        const { config, env } = globals;
        return loadConfig({
          cwd: process.cwd(),
          env: process.env,
          flags: {
            ...(config === undefined ? {} : { config }),
            ...(env === undefined ? {} : { env }),
            ...flags,
          },
        });
      },
      logger: (stream = "stderr") =>
        Promise.resolve(
          createLogger({
            format: globals.logFormat ?? defaultFormat(stream),
            level: level(),
            stream: process[stream],
            ...(stream === "stdout" ? { onLoss: sayLoss } : {}),
          }),
        ),
      exitWith: (other) => {
        status = other;
      },
    },
  };
}

/** At once, and without minding if that is lost too. */
function sayLoss(code: string): void {
  try {
    writeSync(
      process.stderr.fd,
      `supervise: the log can't be written (${code}): lines are lost until it can\n`,
    );
  } catch {
    // There is nobody to tell.
  }
}
