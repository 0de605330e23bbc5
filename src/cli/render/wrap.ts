/** Lines cut to a width: prose between words, SQL between tokens, so that it means the same. */
import { lex } from "../../schema/lexer.js";

/** Where a long word may be cut; takes no room. */
export const SOFT_BREAK = "\u200b";
export const BREAKS = new RegExp(`([ ${SOFT_BREAK}])`);

// Escape sequences take no room on a terminal.
const NO_ROOM = new RegExp(String.raw`\u001b\[[0-9;]*m|${SOFT_BREAK}`, "g");

export const visibleWidth = (text: string): number => text.replaceAll(NO_ROOM, "").length;

/** A single word that is longer stays whole. */
export function wrapProse(text: string, width: number): string[] {
  const lines: string[] = [];
  let between = "";
  for (const part of text.split(BREAKS)) {
    if (part === " " || part === SOFT_BREAK) {
      between = part === " " ? " " : "";
      continue;
    }
    const open = lines.at(-1);
    const fits = visibleWidth(open ?? "") + between.length + visibleWidth(part) <= width;
    if (open !== undefined && fits) lines[lines.length - 1] = open + between + part;
    else lines.push(part);
  }
  return lines;
}

/** A message behind its label: what follows the first line stands below its beginning. */
export function hangMessage(label: string, message: string, width: number): string[] {
  const indent = " ".repeat(visibleWidth(label));
  return message
    .split("\n")
    .flatMap((line) => wrapProse(line, width - indent.length))
    .map((line, at) => `${at === 0 ? label : indent}${line}`);
}

/** Lines that follow a cut are indented by two; a comment that is cut stays one. */
export function wrapSql(sql: string, width: number): string[] {
  return sql.split("\n").flatMap((line) => {
    if (line.length <= width) return [line];
    if (line.startsWith("-- ")) {
      return wrapProse(line.slice(3), width - 3).map((part) => `-- ${part}`);
    }
    // A string over several lines is left as it is.
    return sql.includes("'") && line !== sql ? cutSafely(sql, line, width) : cut(line, width);
  });
}

/** Cuts the line only where none of its strings is open at its beginning. */
function cutSafely(sql: string, line: string, width: number): string[] {
  const from = sql.indexOf(line);
  const inString = lex(sql).some(
    ({ kind, start, end }) => kind !== "punctuation" && start < from && end > from,
  );
  return inString ? [line] : cut(line, width);
}

function cut(line: string, width: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let from = 0;
  let fits = 0;
  for (const { start, end } of lex(line)) {
    const room = width - (lines.length === 0 ? 0 : indent.length + 2);
    if (end - from > room && fits > from) {
      lines.push(line.slice(from, fits).trimEnd());
      from = fits;
    }
    // Only where there is a space already, not within `public.task` or `f(x)`.
    if (line[end] === " ") fits = end + 1;
    else if (start === 0) fits = from;
  }
  lines.push(line.slice(from));
  return lines.map((part, at) => (at === 0 ? part : `${indent}  ${part}`));
}
