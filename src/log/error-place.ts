/** Where in the application's own files an error is, read from what Node says of it. */
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export interface Place {
  readonly file: string;
  readonly line: number;
  /** Null when only the line is known. */
  readonly column: number | null;
}

/** What Node prints first of a syntax error: the place, the line, a caret below it. */
const HEAD = /^((?:file:\/\/)?\/[^\n]+):(\d+)\n[^\n]*\n([ \t]*)(\^*)[^\n]*\n+/;
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^\s()]+?):(\d+):(\d+)\)?$/;
const NOT_FOUND = /Cannot find (?:module|package) '([^']+)' imported from (\/[^\n]+)/;
const SPECIFIER = /["'`]([^"'`\n]+)["'`]/g;

/** Not the user's: packages, and the program that this file belongs to. */
const FOREIGN = /[\\/]node_modules[\\/]/;
const OWN = fileURLToPath(new URL("..", import.meta.url));

function pathOf(name: string): string {
  try {
    return name.startsWith("file:") ? fileURLToPath(name) : name;
  } catch {
    // A URL that names no file, such as one with an escaped slash.
    return name;
  }
}

/** What is in the file; null when it is none that can be read: a place is never worth an error. */
export function textOf(file: string): string | null {
  try {
    return statSync(file).isFile() ? readFileSync(file, "utf8") : null;
  } catch {
    return null;
  }
}

const isTheirs = (file: string): boolean => !FOREIGN.test(file) && !file.startsWith(OWN);

function fromHead(text: string): Place | null {
  const [, name, line, before, caret] = HEAD.exec(text) ?? [];
  if (name === undefined) return null;
  const column = caret === undefined || caret === "" ? null : (before ?? "").length + 1;
  const file = pathOf(name);
  return isTheirs(file) ? { file, line: Number(line), column } : null;
}

/** An import that leads nowhere has no frame in the file that it stands in. */
function fromImport(text: string): Place | null {
  const [, wanted, importer] = NOT_FOUND.exec(text) ?? [];
  const source = importer === undefined ? null : textOf(importer);
  if (wanted === undefined || importer === undefined || source === null) return null;
  const lines = source.split(/\r?\n/);
  for (const [at, line] of lines.entries()) {
    for (const { 1: specifier = "", index } of line.matchAll(SPECIFIER)) {
      const means = specifier.startsWith(".") ? resolve(dirname(importer), specifier) : specifier;
      if (means === wanted || means.startsWith(`${wanted}/`)) {
        return { file: importer, line: at + 1, column: index + 2 };
      }
    }
  }
  return null;
}

/** The first frame that is in a file of the application. */
function fromStack(text: string): Place | null {
  for (const frame of text.split("\n")) {
    const [, name, line, column] = FRAME.exec(frame.trim()) ?? [];
    if (name === undefined) continue;
    const file = pathOf(name);
    if (isTheirs(file)) return { file, line: Number(line), column: Number(column) };
  }
  return null;
}

/** Null when it leads to no file of the application. */
export const placeOf = (text: string): Place | null =>
  fromHead(text) ?? fromImport(text) ?? fromStack(text);

/** Without Node's own account of the place, and without the calls that led into the application. */
export function withoutPlace(text: string): string {
  const lines = text.replace(HEAD, "").split("\n");
  const isCall = (line: string): boolean => /^ {4}at /.test(line);
  const isInner = (line: string): boolean => line.includes(OWN) || /\(?node:internal\//.test(line);
  const kept = lines.filter((line) => !isCall(line) || !isInner(line));
  return (kept.some(isCall) || !lines.some(isCall) ? kept : lines).join("\n");
}
