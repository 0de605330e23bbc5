/** The lines of the user's own file that an error is about, with a caret. */
import { readFileSync, statSync } from "node:fs";
import { placeOf, type Place } from "./error-place.js";

/** Lines above and below the one meant. */
const AROUND = 2;
/** Generated files have lines that no screen holds. */
const LONGEST_LINE = 160;

/** `file:line:column` and the lines around it; null when what Node says leads to no readable file. */
export function codeFrame(said: string): string | null {
  const place = placeOf(said);
  return place === null ? null : frameAt(place);
}

function frameAt({ file, line, column }: Place): string | null {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return null;
  const lines = readFileSync(file, "utf8").split(/\r?\n/);
  // What is missing at the end of a file is said to be behind its last line.
  if (lines[line - 1] === undefined && line > lines.length + 1) return null;
  const first = Math.max(1, line - AROUND);
  const last = Math.min(lines.length, line + AROUND);
  const width = String(Math.max(last, line)).length;
  const shown: string[] = [`${file}:${line}${column === null ? "" : `:${column}`}`];
  for (let number = first; number <= Math.max(last, line); number += 1) {
    const text = (lines[number - 1] ?? "").slice(0, LONGEST_LINE);
    const mark = number === line ? ">" : " ";
    shown.push(`${mark} ${String(number).padStart(width)} | ${text}`.trimEnd());
    if (number === line && column !== null && column <= LONGEST_LINE) {
      const before = text.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
      shown.push(`  ${" ".repeat(width)} | ${before}^`);
    }
  }
  return shown.join("\n");
}
