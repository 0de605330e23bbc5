/** What a change of a column's type comes to, in words. Pure. */
import type { Retyped } from "./changes.js";

const LOCKED = "under a lock that stops every query";

/** `what` is "integer to bigint"; null: the server was not asked. */
export function retypeReason(what: string, found: Retyped | null): string {
  if (found === null || found.rewrites) {
    const fits = found?.fits === true ? "" : ", and values may not fit";
    return `${what}: every row is written anew ${LOCKED}${fits}`;
  }
  const { rebuilds, tests } = found;
  const also = [
    ...(rebuilds.length === 0 ? [] : [`${rebuilds.join(", ")} ${isOrAre(rebuilds)} built anew`]),
    ...(tests.length === 0 ? [] : [`every row is held to ${tests.join(", ")} once more`]),
  ];
  return also.length === 0
    ? `${what}: no row is written, the catalog alone changes; applications get values of another type`
    : `${what}: no row is written, but ${also.join(" and ")} ${LOCKED}`;
}

const isOrAre = ({ length }: readonly string[]): string => (length === 1 ? "is" : "are");

const LONG = "the table is locked while it is rewritten";

/** What a person has to look at before it runs; null when there is nothing. */
export function retypeNote(found: Retyped | null): string | null {
  if (found?.rewrites === false) return null;
  return found?.fits === true
    ? LONG
    : `check the USING expression; where a value does not fit it fails, and a person has to write what becomes of it; ${LONG}`;
}
