/**
 * Pure: `default 'now'` and `default 'today'` are folded to the time at which the server reads them,
 * so each reading is another text. A scratch copy's own time stands for the word; what it became when
 * the live column was made can be any time.
 */

const WORDS = "now|today|tomorrow|yesterday";
const WRITTEN = new RegExp(`'[^']*\\b(${WORDS})\\b[^']*'`, "gi");

/** Of a moment: the date, if any, and what is below the minute, which no time zone changes. */
const MOMENT = /"?(?:\d{4,}-\d\d-\d\d )?\d\d:\d\d(:\d\d\.\d+)(?:[+-]\d\d(?::\d\d)*)?"?/g;
/** A date, or its midnight. The schema files are read in UTC. */
const DAY = /'(\d{4,}-\d\d-\d\d)(?: 00:00:00(?:\+00)?)?'(?=::(?:date|timestamp))/g;

/** A literal of a date or time, in which a word may stand. */
const LITERAL = /'[^']*'::(?:date|time|ts)/g;
const WORD = new RegExp(`\\b(?:${WORDS})\\b`, "g");

/** The words in a statement's literals that may have been folded. */
export const timeWords = (sql: string): string[] =>
  [...sql.matchAll(WRITTEN)].flatMap(([, word = ""]) => word.toLowerCase());

/**
 * `text` as scratch has it, with the time of its transaction, `now` in UTC, spelled as the word; days
 * only where the schema files have such words, since anyone may write the date of today.
 */
export function spellNow(text: string, now: string, words: ReadonlySet<string>): string {
  if (words.size === 0) return text;
  const below = /:\d\d\.\d+/.exec(now)?.[0];
  const days = daysOf(now, words);
  return text
    .replaceAll(MOMENT, (moment, own: string) => (own === below ? "now" : moment))
    .replaceAll(DAY, (literal, day: string) => {
      const word = days.get(day);
      return word === undefined ? literal : `'${word}'`;
    });
}

const DAY_MS = 86_400_000;

function daysOf(now: string, words: ReadonlySet<string>): Map<string, string> {
  const today = Date.parse(`${now.slice(0, 10)}T00:00:00Z`);
  const day = (offset: number): string =>
    new Date(today + offset * DAY_MS).toISOString().slice(0, 10);
  const days = new Map<string, string>();
  if (words.has("tomorrow")) days.set(day(1), "tomorrow");
  if (words.has("yesterday")) days.set(day(-1), "yesterday");
  if (words.has("today") || words.has("now")) days.set(day(0), "today");
  return days;
}

/** True when `live` may be what became of `desired`. */
export function wasNow(live: string, desired: string): boolean {
  let pattern = "";
  let at = 0;
  const plain = (until: number): string =>
    desired.slice(at, until).replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  for (const literal of desired.matchAll(LITERAL)) {
    for (const word of literal[0].matchAll(WORD)) {
      const start = literal.index + word.index;
      pattern += `${plain(start)}"?[^'"]+"?`;
      at = start + word[0].length;
    }
  }
  return at > 0 && new RegExp(`^${pattern}${plain(desired.length)}$`).test(live);
}
