/**
 * Pure: `default 'now'` is folded to the time at which the server reads it, so each reading is
 * another text. A scratch copy's own time stands for the word; what it became when the live column
 * was made can be any time.
 */

const LITERAL =
  /'\d{4,}-\d\d-\d\d \d\d:\d\d(:\d\d\.\d+)(?:\+00)?'(?=::timestamp with(?:out)? time zone)/g;
const NOW = /^'now'::(timestamp with(?:out)? time zone)$/;

/** `text` as scratch has it, with the time of its transaction, `now` in UTC, spelled as the word. */
export function spellNow(text: string, now: string): string {
  // Hour and minute depend on the time zone that the schema files were read in, what is below does not.
  const below = /:\d\d\.\d+/.exec(now)?.[0];
  return text.replaceAll(LITERAL, (literal, own: string) => (own === below ? "'now'" : literal));
}

/** True when `live` may be what became of `desired`. */
export function wasNow(live: string, desired: string): boolean {
  const type = NOW.exec(desired)?.[1];
  return type !== undefined && live.startsWith("'") && live.endsWith(`'::${type}`);
}
