import { expect, test } from "vitest";
import { spellNow, timeWords, wasNow } from "../../../src/schema/now.js";

const NOW = "2026-11-30 23:59:58.123456+00";
const spell = (text: string, ...words: string[]) => spellNow(text, NOW, new Set(words));

test("the time of reading is spelled as the word, whatever the type and the time zone", () => {
  expect(spell("'2026-12-01 05:29:58.123456+05:30'::timestamp with time zone", "now")).toBe(
    "'now'::timestamp with time zone",
  );
  expect(spell("'23:59:58.123456'::time without time zone", "now")).toBe(
    "'now'::time without time zone",
  );
  expect(spell(`'["2026-11-30 23:59:58.123456",)'::tsrange`, "now")).toBe("'[now,)'::tsrange");
  expect(spell("'2026-11-30 23:59:59.123456'::timestamp without time zone", "now")).toContain(
    "59.1",
  );
});

test("days are spelled as words only where the files have such words", () => {
  expect(spell("'2026-11-30'::date", "today")).toBe("'today'::date");
  expect(spell("'2026-12-01 00:00:00+00'::timestamp with time zone", "tomorrow")).toBe(
    "'tomorrow'::timestamp with time zone",
  );
  expect(spell("'2026-11-29'::date", "yesterday")).toBe("'yesterday'::date");
  expect(spell("'2026-11-30'::date")).toBe("'2026-11-30'::date");
  expect(timeWords("create table t (a date default 'Today', b text default now())")).toEqual([
    "today",
  ]);
});

test("any time of the type may be what became of a word, and nothing else", () => {
  expect(wasNow("'2020-02-02'::date", "'today'::date")).toBe(true);
  expect(wasNow("'[\"2020-02-02 10:00:00\",)'::tsrange", "'[now,)'::tsrange")).toBe(true);
  expect(
    wasNow(
      "('2020-02-02 10:00:00'::timestamp(3) without time zone)::text",
      "('now'::timestamp(3) without time zone)::text",
    ),
  ).toBe(true);
  expect(wasNow("'2020-02-02 10:00:00'::timestamp without time zone", "'now'::date")).toBe(false);
  expect(wasNow("'a'::text", "'now'::text")).toBe(false);
  expect(wasNow("CURRENT_DATE", "'today'::date")).toBe(false);
});
