/** Names as SQL text, quoted only where they have to be, so that printed plans read well. */
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.js";
import { RESERVED } from "./keywords.js";

/** PostgreSQL cuts names at this many bytes. Source: NAMEDATALEN - 1. */
const LONGEST = 63;

/** `task`, `"Task"`, `"order"`. */
export function id(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : quoteIdentifier(name);
}

/** `public.task` */
export function qualified(namespace: string, name: string): string {
  return `${id(namespace)}.${id(name)}`;
}

/** `a, "B"` */
export function list(names: readonly string[]): string {
  return names.map(id).join(", ");
}

/** The bare name in a type's text: `Mood` of `public."Mood"[]`. */
export function typeName(text: string): string {
  const match = /(?:^|\.)("(?:[^"]|"")*"|[^".[(]+)(?:\([^)]*\))?(?:\[\])*$/.exec(text);
  const name = match?.[1] ?? text;
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** A literal, or NULL. */
export function literal(value: string | null): string {
  return value === null ? "NULL" : quoteLiteral(value).trim();
}

/** A name of at most 63 bytes that ends in `suffix`, cut in front of it at a character's edge. */
export function withSuffix(name: string, suffix: string): string {
  let base = name;
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  while (bytes(base) + bytes(suffix) > LONGEST) base = Array.from(base).slice(0, -1).join("");
  return base + suffix;
}
