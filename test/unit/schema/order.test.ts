import fc from "fast-check";
import { expect, test } from "vitest";
import { cutBatches } from "../../../src/schema/batches.js";
import { id, withSuffix } from "../../../src/schema/names.js";
import { byteToOffset, lineAt, lineCounter } from "../../../src/schema/position.js";
import { sortByNeeds } from "../../../src/schema/sort.js";
import type { Unit } from "../../../src/schema/units.js";
import { globToRegExp } from "../../../src/util/glob.js";

test("what is needed comes first, everything else keeps its place", () => {
  const nodes = [
    { item: "c", provides: ["c"], needs: ["a"] },
    { item: "b", provides: ["b"], needs: [] },
    { item: "a", provides: ["a"], needs: [] },
  ];
  expect(sortByNeeds(nodes)).toEqual(["a", "c", "b"]);
});

test("a circle of needs loses nothing", () => {
  const nodes = ["a", "b", "c"].map((item, at, all) => ({
    item,
    provides: [item],
    needs: [all[(at + 1) % 3] ?? ""],
  }));
  expect(sortByNeeds(nodes).sort()).toEqual(["a", "b", "c"]);
});

test("a chain of ten thousand is sorted", () => {
  const nodes = Array.from({ length: 10_000 }, (_, at) => ({
    item: at,
    provides: [String(at)],
    needs: [String(at + 1)],
  }));
  expect(sortByNeeds(nodes)[0]).toBe(9_999);
});

test("names are quoted only where they have to be", () => {
  expect(["task", "Task", "order", "a b", 'q"q', "ä"].map(id)).toEqual([
    "task",
    '"Task"',
    '"order"',
    '"a b"',
    '"q""q"',
    '"ä"',
  ]);
});

/** Characters of one to four bytes. */
const OF_EACH_WIDTH = fc.constantFrom("a", "_", '"', "ä", "€", "語", "😀");

test("a derived name never has more than 63 bytes and keeps its suffix", () => {
  fc.assert(
    fc.property(fc.string({ unit: OF_EACH_WIDTH, maxLength: 90 }), (name) => {
      const made = withSuffix(name, "_check");
      expect(new TextEncoder().encode(made).length).toBeLessThanOrEqual(63);
      expect(made.endsWith("_check")).toBe(true);
    }),
  );
});

test("byte positions of the parser are offsets of the text", () => {
  const text = "-- é😀\nx";
  const at = byteToOffset(text);
  expect(text.charAt(at(new TextEncoder().encode("-- é😀\n").length))).toBe("x");
  expect(lineAt(text, text.indexOf("x"))).toBe(2);
  expect(lineCounter("a\nb\nc")(4)).toBe(3);
});

test("patterns match names, folders and nothing else", () => {
  const matches = (pattern: string, path: string) => globToRegExp(pattern).test(path);
  expect(matches("schema/*.sql", "schema/a.sql")).toBe(true);
  expect(matches("schema/*.sql", "schema/b/a.sql")).toBe(false);
  expect(matches("schema/**/*.sql", "schema/b/a.sql")).toBe(true);
  expect(matches("schema/**/*.sql", "schema/a.sql")).toBe(true);
  expect(matches("a.b?", "axbc")).toBe(false);
});

test("a batch stays within its locks and brings what its units build on", () => {
  const unit = (name: string, target: string | null): Unit => ({
    key: `table:${name}`,
    statements: [],
    needs: [],
    targets: target === null ? [] : [`table:${target}`],
    hash: name,
  });
  const all = Array.from({ length: 10 }, (_, at) => unit(`t${at}`, at === 0 ? null : `t${at - 1}`));
  const batches = cutBatches(all, all, 6);
  expect(batches.flatMap(({ wanted }) => wanted)).toEqual(all);
  for (const { wanted, support } of batches) {
    const there = new Set([...wanted, ...support].map(({ key }) => key));
    expect(wanted.flatMap(({ targets }) => targets).every((key) => there.has(key))).toBe(true);
    expect(there.size * 2).toBeLessThanOrEqual(6);
  }
});
