/** The lines of the user's own file that an error is about, with a caret. */
import { resolve } from "node:path";
import { placeOf, textOf, type Place } from "./error-place.js";

/** Lines above and below the one meant. */
const AROUND = 2;
/** Generated files have lines that no screen holds. */
const LONGEST_LINE = 160;

/** `file:line:column` and the lines around it; null when what Node says leads to no readable file. */
export function codeFrame(said: string): string | null {
  const place = placeOf(said);
  return place === null ? null : frameAt(place);
}

/** What Node prints first of the error that ends a process: a place, its line, a caret. */
const HEAD = /^[^\n]+:\d+\n[^\n]*\n[ \t]*\^+[ \t]*$/gm;

/** The same for a process's last words, of which the error that ended it is only the last. */
export function codeFrameOfEnd(lastWords: string): string | null {
  const head = [...lastWords.matchAll(HEAD)].at(-1);
  return codeFrame(lastWords.slice(head?.index ?? 0));
}

/** `schema.sql:3`, `dazzle.toml:2:5 [app]`. Of other files, `.env` above all, nothing is shown. */
const NAMED = /^(.+?\.(?:sql|toml)):(\d+)(?::(\d+))?(?: |$)/;

/**
 * The same for a place in a schema file, a revision or dazzle.toml, whose name may be relative to any
 * of `folders`.
 */
export function namedFrame(where: string, folders: readonly string[]): string | null {
  const [, name, line, column] = NAMED.exec(where) ?? [];
  if (name === undefined) return null;
  for (const folder of folders) {
    const file = resolve(folder, name);
    const at = { file, line: Number(line), column: column === undefined ? null : Number(column) };
    const frame = frameAt(at, name.endsWith(".toml") ? withoutValues : withoutPasswords);
    if (frame !== null) return frame;
  }
  return null;
}

const TOML_STRING = /"(?:[^"\\]|\\.)*"?|'[^']*'?/g;
/** What stands for a value without being one of TOML: a string whose quotes were forgotten. */
const BARE_VALUE = /(=\s*)(?!true\b|false\b)[^\s"'[{\d+\-#…][^,}\]#]*/g;

/**
 * The log is read by more people than dazzle.toml, and which of its values are secrets cannot be told
 * from a file that is wrong: `tokne = "..."`. Keys, numbers and structure are what a frame is for.
 */
function withoutValues(text: string): string {
  // A value of several lines does not show on each of them what it is.
  if (/"""|'''/.test(text)) return "";
  return text
    .split("\n")
    .map((line) => line.replaceAll(TOML_STRING, (quoted, at: number) => hidden(line, quoted, at)))
    .map((line) => line.replaceAll(BARE_VALUE, "$1…"))
    .join("\n");
}

/** A quoted key stays. */
const hidden = (line: string, quoted: string, at: number): string =>
  /^\s*[.=\]]/.test(line.slice(at + quoted.length)) ? quoted : "…";

/** `password 'x'` of CREATE ROLE and its like. */
const withoutPasswords = (text: string): string =>
  text.replaceAll(/(\bpassword\s+)(?:[eE]?'(?:[^']|'')*'?|\$(\w*)\$[\s\S]*?(?:\$\2\$|$))/gi, "$1…");

function frameAt(
  { file, line, column }: Place,
  show: (text: string) => string = (text) => text,
): string | null {
  const source = textOf(file);
  if (source === null) return null;
  const lines = show(source).split(/\r?\n/);
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
