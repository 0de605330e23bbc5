/** Adds the examples to every command's help. */
import type { Command } from "commander";
import { EXAMPLES, type Example } from "./examples.js";

/** `db revision`: the names from the top, without the program's own. */
export function pathOf(command: Command): string {
  const above = command.parent;
  if (above === null) return "";
  const path = pathOf(above);
  return path === "" ? command.name() : `${path} ${command.name()}`;
}

function render(examples: readonly Example[]): string {
  const lines = examples.map(([typed, meaning]) => [`supervise ${typed}`.trimEnd(), meaning]);
  const widest = Math.max(...lines.map(([typed = ""]) => typed.length));
  // Side by side where both fit 80 columns, else the meaning on a line of its own.
  const beside = lines.every(([, meaning = ""]) => widest + meaning.length + 4 <= 80);
  const body = lines.map(([typed = "", meaning = ""]) =>
    beside ? `  ${typed.padEnd(widest)}  ${meaning}` : `  ${typed}\n      ${meaning}`,
  );
  return `\nExamples:\n${body.join("\n")}`;
}

export function addExamples(command: Command): void {
  const examples = EXAMPLES[pathOf(command)];
  if (examples !== undefined) command.addHelpText("after", render(examples));
  for (const child of command.commands) addExamples(child);
}
