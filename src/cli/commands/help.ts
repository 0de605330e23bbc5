/** `supervise help`: the commands, one command, or a topic. */
import type { Command } from "commander";
import { SuperviseError } from "../../errors.js";
import { nearest } from "../../util/nearest.js";
import type { CliContext } from "../context.js";

/** The command that the words name from `program` downward; null when there is none. */
function findCommand(program: Command, words: readonly string[]): Command | null {
  let command = program;
  for (const word of words) {
    const child = command.commands.find(
      (one) => one.name() === word || one.aliases().includes(word),
    );
    if (child === undefined) return null;
    command = child;
  }
  return command;
}

export function registerHelp(program: Command, context: CliContext): void {
  program.helpCommand(false);
  program
    .command("help")
    .description("help about a command, or about a topic such as migrations or signals")
    .argument("[topic...]", "a command or a topic")
    .action(async (words: string[]) => {
      const { findTopic, listTopics, topicWords } = await import("../help/topics.js");
      const command = findCommand(program, words);
      if (command !== null) {
        command.outputHelp();
        if (words.length === 0) {
          const topics = listTopics().map(({ name, title }) => `  ${name.padEnd(16)}  ${title}`);
          context.io.stdout(`\nTopics (supervise help TOPIC):\n${topics.join("\n")}\n`);
          return;
        }
        // A command that has a guide of its own, such as backup: its options first.
        const guide = words.length === 1 ? findTopic(words[0] ?? "") : null;
        if (guide === null || guide.name !== command.name()) return;
        const { renderMarkdown } = await import("../render/markdown.js");
        context.io.stdout(`\n${renderMarkdown(guide.text, context.io)}`);
        return;
      }
      const topic = findTopic(words.join("-"));
      if (topic === null) {
        const known = [...program.commands.map((one) => one.name()), ...topicWords()];
        const guess = nearest(words.join("-"), known);
        throw new SuperviseError("USAGE", {
          what: `there is no command and no topic '${words.join(" ")}'`,
          remedy:
            guess === null
              ? "see supervise help"
              : `did you mean 'supervise help ${guess}'? All of them: supervise help`,
        });
      }
      const { renderMarkdown } = await import("../render/markdown.js");
      context.io.stdout(renderMarkdown(topic.text, context.io));
    });
}
