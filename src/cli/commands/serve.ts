/** `supervise [serve] [ENTRY]`: the main job. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { SuperviseError } from "../../errors.js";
import type { CliContext } from "../context.js";
import { nearest } from "../../util/nearest.js";
import { addServeFlags, readServeFlags, type ServeFlags } from "./serve-flags.js";

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
  const command = program
    .command("serve", { isDefault: true })
    .description("run the application under supervision (the default command)")
    .argument("[entry]", "the application: a factory module or a script that listens");
  addServeFlags(command).action(async (entry: string | undefined, options: ServeFlags) => {
    if (entry !== undefined) {
      refuseMistypedCommand(
        entry,
        program.commands.map((command) => command.name()),
      );
    }
    const given = readServeFlags(options, entry);
    const { runSupervisor } = await import("../../primary/run.js");
    const { withBanner } = await import("../render/banner.js");
    const sink = await context.logger("stdout");
    const { io } = context;
    const pretty = context.globals().logFormat === "pretty";
    const log = pretty ? withBanner(sink, (text) => io.stdout(text), io.colour) : sink;
    context.exitWith(await runSupervisor({ resolve: () => context.load(given), log }));
  });
}
