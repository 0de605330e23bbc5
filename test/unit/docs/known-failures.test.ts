/** docs/known-failures.md names a test for each row: it has to be there, under that title. */
import { expect, test } from "vitest";
import { documentText, isThere, namedIn } from "./named-tests.js";

const text = documentText("known-failures.md");

/** The rows of the tables, without their heads. */
const rows = text
  .split("\n")
  .filter((line) => line.startsWith("|") && !/^\| (?:-|what goes wrong)/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

test("every row of the known failures says what happens here and which test sees it", () => {
  expect(rows.length).toBeGreaterThan(90);
  for (const [, wrong, here, tests] of rows) {
    expect(here, wrong).not.toBe("");
    expect(tests, wrong).not.toBe("");
  }
  expect(text.match(/^## /gm)).toHaveLength(4);
});

test("every test that the known failures name is there under its title", () => {
  const missing = rows.flatMap(([, wrong, , tests = ""]) =>
    namedIn(tests)
      .filter((named) => !isThere(named))
      .map((named) => ({ wrong, ...named })),
  );
  expect(missing).toEqual([]);
});
