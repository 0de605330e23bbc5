/** docs/reliability.md names the tests that prove each promise: they have to be there, under that title. */
import { expect, test } from "vitest";
import { documentText, isThere, namedIn } from "./named-tests.js";

const [table = ""] = documentText("reliability.md").split("\n## ");
const rows = table
  .split("\n")
  .filter((line) => /^\| (?!-|fault )/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

test("every fault has its promise and the tests that prove it, which are there", () => {
  expect(rows.length).toBeGreaterThan(40);
  for (const [, fault, promise, tests = ""] of rows) {
    expect(promise, fault).not.toBe("");
    expect(
      namedIn(tests).filter((named) => !isThere(named)),
      fault,
    ).toEqual([]);
  }
});
