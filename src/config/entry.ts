/** The application's entry as a file. */
import { basename, dirname, resolve } from "node:path";
import { SuperviseError } from "../errors.js";
import type { Config } from "./config.js";
import { kindOf, namesIn } from "./files.js";
import { nearest } from "./suggest.js";

/**
 * The entry's absolute path.
 * @throws SuperviseError ENTRY_NOT_FOUND (66) when none is set or found, or it is no file.
 */
export function findEntry({ app, root, file }: Pick<Config, "app" | "root" | "file">): string {
  if (app.entry === null) {
    throw new SuperviseError("ENTRY_NOT_FOUND", {
      what: "no application to run",
      where: file ?? root,
      remedy: 'name it: supervise app.js, or entry = "app.js" in [app] of dazzle.toml',
    });
  }
  const path = resolve(root, app.entry);
  const found = kindOf(path);
  if (found === "file") return path;
  const near = found === null ? nearestFile(path) : null;
  throw new SuperviseError("ENTRY_NOT_FOUND", {
    what: `the application's entry ${app.entry} ${found === null ? "does not exist" : "is a folder"}`,
    where: path,
    remedy:
      near === null
        ? 'name a file: supervise app.js, or entry = "app.js" in [app] of dazzle.toml'
        : `did you mean ${near}?`,
  });
}

function nearestFile(path: string): string | null {
  const names = namesIn(dirname(path)).filter((name) => /\.[cm]?[jt]s$/.test(name));
  return nearest(basename(path), names);
}
