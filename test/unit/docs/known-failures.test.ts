/** docs/known-failures.md names a test for each row: it has to be there, under that title. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const text = readFileSync(join(ROOT, "docs", "known-failures.md"), "utf8");

/** The rows of the tables, without their heads. */
const rows = text
  .split("\n")
  .filter((line) => line.startsWith("|") && !/^\| (?:-|what goes wrong)/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

const named = rows.flatMap(([, wrong = "", , tests = ""]) =>
  tests.split("<br>").map((entry) => {
    const [, file = "", title = ""] = /^`(test\/[^`]+)`: (.+)$/.exec(entry) ?? [];
    return { wrong, file, title };
  }),
);

/** As a string of a test, or as the head of a case in SQL. */
function hasTitle(source: string, title: string): boolean {
  const quoted = ['"', "'", "`"].some((quote) => source.includes(`${quote}${title}${quote}`));
  return quoted || source.split("\n").includes(`--- ${title}`);
}

test("every row of the known failures says what happens here and which test sees it", () => {
  expect(rows.length).toBeGreaterThan(90);
  for (const [, wrong, here, tests] of rows) {
    expect(here, wrong).not.toBe("");
    expect(tests, wrong).not.toBe("");
  }
  expect(text.match(/^## /gm)).toHaveLength(4);
});

test("every test that the known failures name is there under its title", () => {
  const missing = named.filter(({ file, title }) => {
    const path = join(ROOT, file);
    return file === "" || !existsSync(path) || !hasTitle(readFileSync(path, "utf8"), title);
  });
  expect(missing).toEqual([]);
});
