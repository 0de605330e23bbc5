/**
 * Where a syntax error is. Node tells it on its own way out, but an error caught from `import()` has
 * lost the file and the line, so the files of the application are checked one by one, the one
 * that was changed last first.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Files looked at for imports; larger applications have their error among the newest all the same. */
const MOST_FILES = 300;
/** Each check starts a process, some 40 ms. */
const MOST_CHECKS = 8;
const ENDINGS = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", "/index.js", "/index.ts"];
const IMPORTED = /(?:from|import|require\(|import\()\s*["'](\.{1,2}\/[^"']+|\.{1,2})["']/g;

/** `file:line` with the line and a caret, as Node prints it; null when every file is in order. */
export async function locateSyntaxError(entry: string): Promise<string | null> {
  const newest = reachable(entry)
    .map((file) => ({ file, changed: statSync(file).mtimeMs }))
    .sort((a, b) => b.changed - a.changed)
    .slice(0, MOST_CHECKS);
  for (const { file } of newest) {
    const said = await check(file);
    if (said !== null) return said;
  }
  return null;
}

/** The entry and what it imports by relative paths, directly or not. */
function reachable(entry: string): string[] {
  const found = new Set([entry]);
  for (const file of found) {
    if (found.size > MOST_FILES) break;
    for (const [, specifier = ""] of readFileSync(file, "utf8").matchAll(IMPORTED)) {
      const path = resolve(dirname(file), specifier);
      const target = ENDINGS.map((ending) => path + ending).find(
        (name) => existsSync(name) && statSync(name).isFile(),
      );
      if (target !== undefined && /\.[cm]?[jt]s$/.test(target)) found.add(target);
    }
  }
  return [...found];
}

/** What comes before the stack: place, line, caret, message. Null when the file is in order. */
const check = (file: string): Promise<string | null> =>
  new Promise((done) => {
    execFile(process.execPath, ["--check", file], (error, _stdout, stderr) => {
      const [said = ""] = stderr.split(/\n {4}at /);
      const lines = said.trimEnd().replace(/^file:\/\//, "");
      done(error === null || !/SyntaxError/.test(lines) ? null : lines);
    });
  });
