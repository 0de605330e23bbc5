import fc from "fast-check";
import { expect, test } from "vitest";
import { lex } from "../../../src/schema/lexer.js";

const values = (sql: string) => lex(sql).map(({ kind, value }) => `${kind} ${value}`);

test("words fold, quoted names do not", () => {
  expect(values('Select "Two ""Words"""')).toEqual(["word select", 'quoted Two "Words"']);
});

test("strings of every kind are one token", () => {
  expect(values("'it''s' E'a\\'b' $$x;'y$$ $tag$ $$ $tag$ U&'\\0041' B'10'")).toEqual([
    "string 'it''s'",
    "string E'a\\'b'",
    "string $$x;'y$$",
    "string $tag$ $$ $tag$",
    "string U&'\\0041'",
    "string B'10'",
  ]);
});

test("comments end with their line, blocks nest", () => {
  expect(values("a -- b 'c\n/* d /* e */ f */ g")).toEqual([
    "word a",
    "comment -- b 'c",
    "comment /* d /* e */ f */",
    "word g",
  ]);
});

test("a line ends with a carriage return too, and a space is what PostgreSQL takes for one", () => {
  expect(values("a -- b\rc\u00a0d")).toEqual(["word a", "comment -- b", "word c\u00a0d"]);
});

test("tokens cover the text in order and never overlap, whatever it is", () => {
  fc.assert(
    fc.property(fc.string(), (sql) => {
      let at = 0;
      for (const { start, end } of lex(sql)) {
        expect(start).toBeGreaterThanOrEqual(at);
        expect(end).toBeGreaterThan(start);
        expect(sql.slice(at, start)).toMatch(/^[ \t\n\r\f\v]*$/);
        at = end;
      }
      expect(sql.slice(at)).toMatch(/^[ \t\n\r\f\v]*$/);
    }),
  );
});
