/**
 * Whether the bounds of two partitions have values in common, as far as their texts tell: types whose
 * order everyone knows are compared here, of others only the server can say.
 */
import type { Table } from "../model.js";
import { id } from "../names.js";

/** Of the partition key, in its order; null where it is an expression or has a collation of its own. */
export type KeyTypes = readonly (string | null)[];

const ENDS = /^FOR VALUES FROM \((.*)\) TO \((.*)\)$/;
const LIST = /^FOR VALUES IN \((.*)\)$/;
const HASH = /^FOR VALUES WITH \(modulus (\d+), remainder (\d+)\)$/;

/** Null: the texts do not tell. */
export function overlap(one: string, other: string, types: KeyTypes): boolean | null {
  if (one === other) return true;
  if (one === "DEFAULT" || other === "DEFAULT") return false;
  const [ends, others] = [ENDS.exec(one), ENDS.exec(other)];
  if (ends !== null && others !== null) return rangesMeet(ends, others, types);
  const [values, more] = [LIST.exec(one), LIST.exec(other)];
  if (values !== null && more !== null) return listsMeet(values, more, types[0] ?? null);
  const [hash, second] = [HASH.exec(one), HASH.exec(other)];
  return hash === null || second === null ? null : hashesMeet(hash, second);
}

/** Of a partitioned table. */
export function keyTypes({ partitionKey, columns }: Table): KeyTypes {
  const [, keys = ""] = /^\w+ \((.*)\)$/.exec(partitionKey ?? "") ?? [];
  const known = new Map(columns.map((column) => [id(column.name), column.type]));
  return keys.split(", ").map((item) => known.get(item) ?? null);
}

const items = (text = ""): string[] => text.match(/E?'(?:[^']|'')*'|[^,\s]+/g) ?? [];

function rangesMeet(
  [, from, to]: RegExpExecArray,
  [, otherFrom, otherTo]: RegExpExecArray,
  types: KeyTypes,
): boolean | null {
  if (from === otherFrom || to === otherTo) return true;
  const before = compare(items(from), items(otherTo), types);
  const behind = compare(items(otherFrom), items(to), types);
  if ((before ?? -1) >= 0 || (behind ?? -1) >= 0) return false;
  return before === null || behind === null ? null : true;
}

/** Below nought: the first is less. */
function compare(one: readonly string[], other: readonly string[], types: KeyTypes): number | null {
  for (const [at, value] of one.entries()) {
    const against = other[at] ?? "";
    const ends = edge(value) - edge(against);
    if (ends !== 0) return ends;
    // What stands behind MINVALUE or MAXVALUE does not count.
    if (edge(value) !== 0) return 0;
    if (value === against) continue;
    const order = compareValues(plain(value), plain(against), types[at] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

const edge = (value: string): number => (value === "MINVALUE" ? -1 : value === "MAXVALUE" ? 1 : 0);

const plain = (value: string): string => value.replace(/^'|'$/g, "");

const WHOLE = /^-?\d+$/;
/** As the server prints them in the settings of introspect.ts, in years of four digits. */
const TIME = /^\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?)?(?:\+00)?$/;

function compareValues(one: string, other: string, type: string | null): number | null {
  const isAll = (form: RegExp): boolean => form.test(one) && form.test(other);
  if (type !== null && INTEGERS.has(type) && isAll(WHOLE)) {
    const [a, b] = [BigInt(one), BigInt(other)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (type !== null && /^(?:date|timestamp)/.test(type) && isAll(TIME)) {
    const [a, b] = [one.replace("+00", ""), other.replace("+00", "")];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return null;
}

const INTEGERS: ReadonlySet<string> = new Set(["smallint", "integer", "bigint"]);

/** Types of which no two spellings are one value. */
const EXACT: ReadonlySet<string> = new Set([...INTEGERS, "text", "date", "uuid", "boolean"]);

function listsMeet(
  [, values]: RegExpExecArray,
  [, others]: RegExpExecArray,
  type: string | null,
): boolean | null {
  const known = new Set(items(values));
  if (items(others).some((value) => known.has(value))) return true;
  return type !== null && EXACT.has(type) ? false : null;
}

/** The server takes only moduli of which the smaller divides the larger. */
function hashesMeet(
  [, modulus, remainder]: RegExpExecArray,
  [, otherModulus, otherRemainder]: RegExpExecArray,
): boolean {
  const [m, n] = [Number(modulus), Number(otherModulus)];
  const small = Math.min(m, n);
  if (Math.max(m, n) % small !== 0) return true;
  return Number(remainder) % small === Number(otherRemainder) % small;
}
