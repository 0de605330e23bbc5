/** The project's own Markdown for terminals: what is in docs/, read with `supervise help TOPIC`. */
import pc from "picocolors";

/** Ends in a newline. */
export function renderMarkdown(text: string, look: { colour: boolean }): string {
  const paint = pc.createColors(look.colour);
  const inline = (line: string): string =>
    line
      .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_, label: string, target: string) =>
        /^https?:/.test(target) ? `${label} (${target})` : label,
      )
      .replaceAll(/\*\*([^*]+)\*\*/g, (_, bold: string) => paint.bold(bold))
      .replaceAll(/`([^`]+)`/g, (_, code: string) => (look.colour ? paint.cyan(code) : code));
  const lines: string[] = [];
  let fenced = false;
  for (const line of text.trimEnd().split("\n")) {
    if (/^(```|~~~)/.test(line)) {
      fenced = !fenced;
      continue;
    }
    const heading = /^(#{1,6}) +(.*)$/.exec(line)?.[2];
    if (fenced) lines.push(line === "" ? "" : `    ${paint.dim(line)}`);
    else if (heading !== undefined) lines.push(paint.bold(inline(heading)));
    else if (/^\|[\s|:-]+\|$/.test(line)) continue;
    else if (line.startsWith("|")) lines.push(inline(line.slice(1, -1).replaceAll("|", " ")));
    else lines.push(inline(line));
  }
  return `${lines.join("\n")}\n`;
}
