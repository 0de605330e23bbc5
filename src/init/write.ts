/** Files of the project: what would be written, and the writing. Nothing is overwritten unasked. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SuperviseError } from "../errors.js";

export type Action = "created" | "overwritten" | "extended" | "kept";

export interface Written {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly action: Action;
}

/** Writes a whole file; an existing one is kept unless `force`. Errors: OUTPUT_UNWRITABLE (73). */
export function writeFile(root: string, path: string, text: string, force: boolean): Written {
  const file = join(root, path);
  const exists = existsSync(file);
  if (exists && !force) return { path, action: "kept" };
  if (exists && readFileSync(file, "utf8") === text) return { path, action: "kept" };
  put(file, path, text);
  return { path, action: exists ? "overwritten" : "created" };
}

/** Adds the lines that the file lacks at its end; never changes another line. */
export function addLines(root: string, path: string, lines: readonly string[]): Written {
  const file = join(root, path);
  const before = existsSync(file) ? readFileSync(file, "utf8") : null;
  const known = new Set((before ?? "").split("\n").map(plain));
  const missing = lines.filter((line) => !known.has(plain(line)));
  if (missing.length === 0) return { path, action: "kept" };
  const gap = before === null || before === "" || before.endsWith("\n") ? "" : "\n";
  put(file, path, `${before ?? ""}${gap}${missing.join("\n")}\n`);
  return { path, action: before === null ? "created" : "extended" };
}

/** `/node_modules` and `node_modules/` ignore the same folder. */
const plain = (line: string): string => line.trim().replace(/^\/|\/$/g, "");

function put(file: string, path: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new SuperviseError("OUTPUT_UNWRITABLE", {
      what: `${path} cannot be written (${String(error.code)})`,
      remedy: "give this user permission to write in the folder",
      cause: error,
    });
  }
}
