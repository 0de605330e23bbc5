import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTable } from "../../../src/config/document.js";
import { parseDocument } from "../../../src/config/parse-document.js";
import { locateKeys } from "../../../src/config/positions.js";

const lineOf = (text: string, ...path: string[]): number => locateKeys(text).line(path);

describe("the line of a key", () => {
  test.each<[string, string[], number]>([
    ["a = 1\nb = 2", ["b"], 2],
    ["[t]\n\n# b = 1\nb = 2", ["t", "b"], 4],
    ["[t.u]\nb = 2", ["t", "u", "b"], 2],
    ["[t.u]\nb = 2", ["t"], 1],
    ["t.u.b = 2", ["t", "u", "b"], 1],
    ["\nt . u . b = 2", ["t", "u", "b"], 2],
    ["[t]\n'q.r' = 1\nb = 2", ["t", "q.r"], 2],
    ['[t]\n"q\\u0041" = 1', ["t", "qA"], 2],
    ["t = { a = 1, b = { c = 2 } }\nd = 1", ["t", "b", "c"], 1],
    ["t = { a = 1, b = { c = 2 } }\nd = 1", ["d"], 2],
    ['s = "b = 1"\nb = 2', ["b"], 2],
    ['s = """\nb = 1\n"""\nb = 2', ["b"], 4],
    ["s = '''\nb = 1\n'''\nb = 2", ["b"], 4],
    ['s = """x""""\nb = 2', ["b"], 2],
    ['s = "\\"\\\\"\nb = 2', ["b"], 2],
    ["s = ''\nt = \"\"\nb = 2", ["b"], 3],
    ["l = [\n1, # b = 1\n'b = 1', [2],\n]\nb = 2", ["b"], 5],
    ["l = [{ b = 1 },\n{ c = 2 }]", ["l", "c"], 2],
    ["[[l]]\na = 1\n[[l]]\na = 2", ["l", "a"], 2],
    ["d = 2026-01-01 10:00:00 # b\nb = 2", ["b"], 2],
    ["a = 1\r\nb = 2\r\n", ["b"], 2],
    ["[ t ] # t\nb = 1", ["t", "b"], 2],
    ["a = 1", ["x"], 1],
    ["\n[t]\na = 1", ["t", "x"], 2],
    ["", ["x"], 1],
  ])("%j, %j is %d", (text, path, line) => {
    expect(lineOf(text, ...path)).toBe(line);
  });
});

/** Texts that TOML must quote, and that look like TOML. */
const scalar = fc.oneof(
  fc.integer().map(String),
  fc.boolean().map(String),
  fc.string().map((text) => JSON.stringify(text).replaceAll("\u007f", "")),
  fc.constantFrom('"# x"', "'[t]'", '"""\na = 1\n"""', "'''\n]\n'''", "1979-05-27", "[1, 2] # ,"),
);
const key = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_-]{1,5}$/),
  fc
    .string({ minLength: 1, maxLength: 4 })
    .map((text) => JSON.stringify(text).replaceAll("\u007f", "")),
);
const value = fc.oneof(
  scalar,
  fc
    .array(
      scalar.filter((text) => !text.includes("#")),
      { maxLength: 3 },
    )
    .map((items) => `[${items.join(",\n")}]`),
);

test("every key of a document that the parser accepts is found on the line that it stands on", () => {
  const sections = fc.array(fc.tuple(key, fc.array(fc.tuple(key, value), { maxLength: 4 })), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(sections, (tables) => {
      const text = tables
        .map(([name, pairs]) => [`[${name}]`, ...pairs.map(([k, v]) => `${k} = ${v}`)].join("\n"))
        .join("\n\n");
      const { document } = parseDocument(text, "dazzle.toml");
      fc.pre(document !== null);
      const lines = text.split("\n");
      const positions = locateKeys(text);
      for (const [name, table] of Object.entries(document.table)) {
        if (!isTable(table)) throw new Error("a section became something else");
        for (const inner of Object.keys(table)) {
          const line = lines[positions.line([name, inner]) - 1] ?? "";
          const written = line.slice(0, line.indexOf(" = "));
          expect([inner, JSON.stringify(inner)]).toContain(
            written.startsWith('"') ? JSON.stringify(JSON.parse(written)) : written,
          );
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("no text makes it hang or throw", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from("[]{}=\"'.,#\n\\ ab")) }),
      (text) => {
        expect(locateKeys(text).line(["a"])).toBeGreaterThan(0);
      },
    ),
  );
});
