/** What every command gets: where to print, how to load the configuration, how to log. */
import type { ConfigFlags, ResolvedConfig } from "../config/load.js";
import type { ExitStatus } from "../errors.js";
import type { Level, LogSink } from "../log/logger.js";

export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
  /** A person can answer a question: stdin and stderr are terminals. */
  readonly interactive: boolean;
  /** Colour may be used on stdout. */
  readonly colour: boolean;
  /** Columns of stdout; Infinity when it is no terminal, so that nothing is cut for a program. */
  readonly columns: number;
}

/** The options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly env?: string;
  readonly logLevel: Level;
  readonly logFormat: "json" | "pretty";
}

export interface CliContext {
  readonly io: Io;
  globals(): GlobalOptions;
  /** The configuration, with the global options and the command's own flags. */
  load(flags?: ConfigFlags): Promise<ResolvedConfig>;
  /** Logs to stderr, so that stdout holds the command's result alone; `serve` logs to stdout. */
  logger(stream?: "stdout" | "stderr"): Promise<LogSink>;
  /** For results that are no failure but exit with another status, such as 2 (differences). */
  exitWith(status: ExitStatus): void;
}
