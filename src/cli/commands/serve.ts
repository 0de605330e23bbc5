/** `supervise [serve] [ENTRY]`: the main job. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { SuperviseError } from "../../errors.js";
import type { CliContext } from "../context.js";
import { nearest } from "../../util/nearest.js";

interface ServeOptions {
  workers?: string;
  host?: string;
  port?: string;
  watch?: boolean;
  local?: boolean;
  migrate?: boolean;
  controlPort?: string;
}

/** A bare word that is no file is a mistyped command rather than an application. */
function refuseMistypedCommand(entry: string, commands: readonly string[]): void {
  if (!/^[a-z][a-z-]*$/.test(entry) || existsSync(entry)) return;
  const guess = nearest(entry, commands);
  throw new SuperviseError("USAGE", {
    what: `there is no command and no file '${entry}'`,
    remedy: guess === null ? "see supervise --help" : `did you mean 'supervise ${guess}'?`,
  });
}

export function registerServe(program: Command, context: CliContext): void {
  program
    .command("serve", { isDefault: true })
    .description("run the application under supervision (the default command)")
    .argument("[entry]", "the application: a factory module or a script that listens")
    .option("--workers <n>", "how many workers, or auto")
    .option("--host <host>", "the address to listen on, or unix:PATH")
    .option("--port <port>", "the port to listen on")
    .option("--watch", "reload when files change")
    .option("--no-watch", "do not")
    .option(
      "--local",
      "development on loopback, with the embedded PostgreSQL unless DATABASE_URL is set",
    )
    .option("--no-migrate", "start without applying schema changes")
    .option("--control-port <port>", "serve health and metrics on this port of loopback")
    .action(async (entry: string | undefined, options: ServeOptions) => {
      if (entry !== undefined) {
        refuseMistypedCommand(
          entry,
          program.commands.map((command) => command.name()),
        );
      }
      const { migrate, ...flags } = options;
      const given = {
        ...flags,
        ...(entry === undefined ? {} : { entry }),
        // Commander sets the positive of --no-migrate by default; only the negative is a choice.
        ...(migrate === false ? { migrate } : {}),
      };
      const { runSupervisor } = await import("../../primary/run.js");
      const log = await context.logger("stdout");
      context.exitWith(await runSupervisor({ resolve: () => context.load(given), log }));
    });
}
