/** What stands at a path, asked without failing: what can't be seen isn't there. */
import { readdirSync, readFileSync, statSync } from "node:fs";

export type PathKind = "file" | "folder" | null;

/** Anything that can be read as a file counts as one: pipes and devices too. */
export function kindOf(path: string): PathKind {
  return (
    attempt((): PathKind => {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) return null;
      return found.isDirectory() ? "folder" : "file";
    }) ?? null
  );
}

export const isFile = (path: string): boolean => kindOf(path) === "file";

/** Null when there is none or it can't be read. */
export const readText = (path: string): string | null =>
  attempt(() => readFileSync(path, "utf8")) ?? null;

export const namesIn = (folder: string): string[] => attempt(() => readdirSync(folder)) ?? [];

function attempt<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (error) {
    // A file system's no: absent, behind a file, forbidden, too long, a circle of links.
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
