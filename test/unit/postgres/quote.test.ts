import { expect, test } from "vitest";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../../../src/postgres/quote.js";

test.each([
  ["task", '"task"'],
  ['a"b', '"a""b"'],
  ["", '""'],
])("the identifier %j is written %s", (name, sql) => expect(quoteIdentifier(name)).toBe(sql));

test("a qualified name quotes each part", () => {
  expect(quoteQualified("public", "my.table")).toBe('"public"."my.table"');
});

test.each([
  ["it's", "'it''s'"],
  ["a\\b", " E'a\\\\b'"],
])("the literal %j is written %s", (value, sql) => expect(quoteLiteral(value)).toBe(sql));

test("a zero byte is refused in both", () => {
  expect(() => quoteIdentifier("a\0")).toThrow(TypeError);
  expect(() => quoteLiteral("a\0")).toThrow(TypeError);
});
