/** Documents name tests in a table, as `file`: title, several with <br> between them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..", "..");

export const documentText = (name: string): string =>
  readFileSync(join(ROOT, "docs", name), "utf8");

export interface NamedTest {
  readonly file: string;
  readonly title: string;
}

export const namedIn = (cell: string): NamedTest[] =>
  cell.split("<br>").map((entry) => {
    const [, file = "", title = ""] = /^`(test\/[^`]+)`: (.+)$/.exec(entry) ?? [];
    return { file, title };
  });

/** Whether it is there: as a string of a test, or as the head of a case in SQL. */
export function isThere({ file, title }: NamedTest): boolean {
  const path = join(ROOT, file);
  if (file === "" || !existsSync(path)) return false;
  const source = readFileSync(path, "utf8");
  const quoted = ['"', "'", "`"].some((quote) => source.includes(`${quote}${title}${quote}`));
  return quoted || source.split("\n").includes(`--- ${title}`);
}
