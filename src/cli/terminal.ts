/** The CliContext over this process's own streams, environment and global options. */
import { loadConfig } from "../config/load.js";
import { EXIT, type ExitStatus } from "../errors.js";
import type { Level } from "../log/logger.js";
import { createLogger } from "../log/sink.js";
import type { CliContext, GlobalOptions, Io } from "./context.js";

function terminalIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  return {
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    interactive: stdin.isTTY && stderr.isTTY,
    // https://no-color.org: any non-empty value turns colour off.
    colour: stdout.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
    columns: stdout.isTTY ? stdout.columns : 80,
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
    process[stream].isTTY ? "pretty" : "json";
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
          }),
        ),
      exitWith: (other) => {
        status = other;
      },
    },
  };
}
