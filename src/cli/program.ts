/** The whole command line as commander sees it. Commands import what they run only when they run. */
import { Command, CommanderError, Option } from "commander";
import { EXIT, SuperviseError } from "../errors.js";
import { productVersion } from "../config/version.js";
import { registerBackup } from "./commands/backup.js";
import { registerConfig } from "./commands/config.js";
import { registerReload, registerScale, registerStatus, registerStop } from "./commands/control.js";
import { registerCompletion } from "./commands/completion.js";
import { registerDeploy } from "./commands/deploy.js";
import { registerHelp } from "./commands/help.js";
import { registerFleet } from "./commands/fleet.js";
import { registerInit } from "./commands/init.js";
import { registerDb } from "./commands/db.js";
import { registerMigrate } from "./commands/migrate.js";
import { registerTop } from "./commands/top.js";
import { registerServe } from "./commands/serve.js";
import { registerValidate } from "./commands/validate.js";
import { becomeFast } from "../primary/lean-heap.js";
import type { CliContext, GlobalOptions } from "./context.js";
import { addExamples } from "./help/apply.js";

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];

export interface ProgramContext extends CliContext {
  setGlobals(options: Partial<GlobalOptions>): void;
}

export function buildProgram(context: ProgramContext): Command {
  const program = new Command("supervise")
    .description(
      "Runs a Node.js and PostgreSQL application in production, and beside it all it needs.",
    )
    .version(productVersion(), "-V, --version", "print the version")
    .option("--config <file>", "the project's dazzle.toml (default: searched upward from here)")
    .option("--env <name>", "development, staging or production (sets DAZZLE_ENV)")
    .addOption(
      new Option("--log-level <level>", "least level to log (default: info)").choices(LEVELS),
    )
    .addOption(
      new Option("--log-format <format>", "default: pretty on a terminal, else json").choices([
        "json",
        "pretty",
      ]),
    )
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.io.stdout(text),
      writeErr: helpAlone((text) => context.io.stdout(text)),
    })
    .hook("preAction", (root, action) => {
      context.setGlobals(root.opts());
      // Only the supervisor waits most of its time; the others have work to do and end.
      if (action.name() !== "serve") becomeFast();
    });
  registerServe(program, context);
  registerStatus(program, context);
  registerReload(program, context);
  registerScale(program, context);
  registerStop(program, context);
  registerConfig(program, context);
  registerValidate(program, context);
  registerTop(program, context);
  registerInit(program, context);
  registerDeploy(program, context);
  registerCompletion(program, context);
  registerHelp(program, context);
  registerMigrate(program, context);
  registerDb(program, context);
  registerBackup(program, context);
  registerFleet(program, context);
  for (const command of program.commands) inheritBehaviour(command);
  addExamples(program);
  return program;
}

/** Complaints are printed by exit.ts; what a command group without a command prints is its help. */
function helpAlone(write: (text: string) => void): (text: string) => void {
  return (text) => (text.startsWith("Usage:") ? write(text) : undefined);
}

/** Settings that commander copies to a subcommand only when set before it was made. */
function inheritBehaviour(command: Command): void {
  command.exitOverride().showSuggestionAfterError();
  for (const child of command.commands) inheritBehaviour(child);
}

/** Runs it, with the parser's own complaints as usage errors (64). */
export async function runProgram(context: ProgramContext, argv: readonly string[]): Promise<void> {
  try {
    await buildProgram(context).parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === EXIT.ok || error.code === "commander.help") return;
    throw new SuperviseError("USAGE", {
      what: error.message
        .replace(/^error: /, "")
        .replaceAll("\n", " ")
        .replace(/\.$/, ""),
      remedy: "see supervise --help",
    });
  }
}
