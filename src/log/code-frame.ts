/** The lines of the user's own file that an error's stack points at, with a caret. */
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Lines above and below the one meant. */
const AROUND = 2;
/** Generated files have lines that no screen holds. */
const LONGEST_LINE = 160;

const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^\s()]+?):(\d+):(\d+)\)?$/;
/** Not the user's: packages, and the program that this file belongs to. */
const FOREIGN = /[\\/]node_modules[\\/]/;
const OWN = fileURLToPath(new URL("..", import.meta.url));

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The first frame that is in a file of the application; null when there is none. */
function placeOf(stack: string): Place | null {
  for (const text of stack.split("\n")) {
    const [, path, line, column] = FRAME.exec(text.trim()) ?? [];
    if (path === undefined) continue;
    const file = path.startsWith("file:") ? fileURLToPath(path) : path;
    if (FOREIGN.test(file) || file.startsWith(OWN)) continue;
    return { file, line: Number(line), column: Number(column) };
  }
  return null;
}

/** `file:line:column` and the lines around it; null when the stack leads to no readable file. */
export function codeFrame(stack: string): string | null {
  const place = placeOf(stack);
  if (place === null || statSync(place.file, { throwIfNoEntry: false })?.isFile() !== true) {
    return null;
  }
  const lines = readFileSync(place.file, "utf8").split(/\r?\n/);
  if (lines[place.line - 1] === undefined) return null;
  const first = Math.max(1, place.line - AROUND);
  const last = Math.min(lines.length, place.line + AROUND);
  const width = String(last).length;
  const shown: string[] = [`${place.file}:${place.line}:${place.column}`];
  for (let number = first; number <= last; number += 1) {
    const text = (lines[number - 1] ?? "").slice(0, LONGEST_LINE);
    const mark = number === place.line ? ">" : " ";
    shown.push(`${mark} ${String(number).padStart(width)} | ${text}`.trimEnd());
    if (number === place.line && place.column <= LONGEST_LINE) {
      const before = text.slice(0, place.column - 1).replaceAll(/[^\t]/g, " ");
      shown.push(`  ${" ".repeat(width)} | ${before}^`);
    }
  }
  return shown.join("\n");
}
