/** `supervise completion SHELL`: a script for the shell to read. */
import { Argument, type Command } from "commander";
import type { CliContext } from "../context.js";
import { SHELLS, type Shell } from "../help/completion.js";

export function registerCompletion(program: Command, context: CliContext): void {
  program
    .command("completion")
    .description("print a completion script for bash, zsh or fish")
    .addArgument(new Argument("<shell>", "your shell").choices(SHELLS))
    .action(async (shell: Shell) => {
      const { commandTree, completionScript } = await import("../help/completion.js");
      const { listTopics } = await import("../help/topics.js");
      const nodes = commandTree(program, {
        help: [...program.commands.map((one) => one.name()), ...listTopics().map((t) => t.name)],
        completion: SHELLS,
        deploy: ["docker", "kubernetes", "systemd", "heroku"],
      });
      context.io.stdout(completionScript(shell, nodes));
    });
}
