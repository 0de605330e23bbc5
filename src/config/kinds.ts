/**
 * The kinds of values that settings have: how each is read from TOML and from text (environment
 * variables, flags), and how it is written back. A refusal says what is expected; the caller, which
 * knows the place, makes the error of it.
 */
import { parseDuration, parseSize } from "../util/units.js";
import { nearest } from "./suggest.js";

export type Read<T> = { ok: true; value: T } | Refusal;

export interface Refusal {
  ok: false;
  /** Replaces "must be EXPECTED, not WRITTEN" where another sentence helps more. */
  why?: string;
  /** Replaces the remedy "write KEY = EXAMPLE". */
  remedy?: string;
}

export interface Kind<T> {
  /** What a value must be, to be read after "must be". */
  readonly expected: string;
  fromToml(value: unknown): Read<T>;
  fromText(text: string): Read<T>;
  /** The value as dazzle.toml spells it: text, number, boolean or list. */
  show(value: T): string | number | boolean | readonly string[];
}

const accept = <T>(value: T): Read<T> => ({ ok: true, value });
const refuse = (parts: Omit<Refusal, "ok"> = {}): Refusal => ({ ok: false, ...parts });

/** A value as an error names it. Text is quoted and shortened, control characters escaped. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  }
  // TOML's integers arrive as bigint; what arrives as a number was written with a fraction.
  if (typeof value === "number" && Number.isInteger(value)) return value.toFixed(1);
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? value.toString()
    : "a table";
}

export function flag(): Kind<boolean> {
  return {
    expected: "true or false",
    fromToml: (value) => (typeof value === "boolean" ? accept(value) : refuse()),
    fromText: (text) => (text === "true" || text === "false" ? accept(text === "true") : refuse()),
    show: (value) => value,
  };
}

export function wholeNumber(min: number, max: number): Kind<number> {
  const within = (value: number): Read<number> =>
    value >= min && value <= max ? accept(value) : refuse();
  return {
    expected: `a whole number from ${min} to ${max}`,
    fromToml: (value) => (typeof value === "bigint" ? within(Number(value)) : refuse()),
    fromText: (text) => (/^\d+$/.test(text) ? within(Number(text)) : refuse()),
    show: (value) => value,
  };
}

/** A number, or one word in its place, such as `workers = "auto"`. */
export function numberOr<W extends string>(number: Kind<number>, word: W): Kind<number | W> {
  return {
    expected: `${number.expected} or "${word}"`,
    fromToml: (value) => (value === word ? accept(word) : number.fromToml(value)),
    fromText: (text) => (text === word ? accept(word) : number.fromText(text)),
    show: (value) => value,
  };
}

export function oneOf<W extends string>(words: readonly W[]): Kind<W> {
  const read = (value: unknown): Read<W> => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return accept(found);
    const near = typeof value === "string" ? nearest(value, words) : null;
    return near === null ? refuse() : refuse({ remedy: `did you mean "${near}"?` });
  };
  return {
    expected: words.map((word) => `"${word}"`).join(" or "),
    fromToml: read,
    fromText: read,
    show: (value) => value,
  };
}

/** Text that `check` finds nothing wrong with; what it says is read after the setting's name. */
export function text(expected: string, check: (value: string) => string | null): Kind<string> {
  const read = (value: string): Read<string> => {
    const wrong = value === "" ? "is empty" : check(value);
    return wrong === null ? accept(value) : refuse({ why: wrong });
  };
  return {
    expected,
    fromToml: (value) => (typeof value === "string" ? read(value) : refuse()),
    fromText: read,
    show: (value) => value,
  };
}

/** Text that is kept in another spelling than it was written in. */
export function mapped(kind: Kind<string>, map: (value: string) => string): Kind<string> {
  const apply = (read: Read<string>): Read<string> => (read.ok ? accept(map(read.value)) : read);
  return {
    ...kind,
    fromToml: (value) => apply(kind.fromToml(value)),
    fromText: (value) => apply(kind.fromText(value)),
  };
}

/** A value that may be unset; no spelling means "unset", leaving it out does. */
export function optional<T>(kind: Kind<T>): Kind<T | null> {
  return {
    expected: kind.expected,
    fromToml: (value) => kind.fromToml(value),
    fromText: (value) => kind.fromText(value),
    show: (value) => (value === null ? "" : kind.show(value)),
  };
}

export function list(item: Kind<string>): Kind<readonly string[]> {
  return {
    expected: `a list, each item ${item.expected}`,
    fromToml: (value) => {
      if (!Array.isArray(value)) {
        return typeof value === "string"
          ? refuse({ remedy: `write it as a list: [${JSON.stringify(value)}]` })
          : refuse();
      }
      const items: unknown[] = value;
      const read = items.map((entry) => item.fromToml(entry));
      const bad = read.findIndex((entry) => !entry.ok);
      const wrong = read[bad];
      if (wrong !== undefined && !wrong.ok) {
        const why = wrong.why ?? `must be ${item.expected}, not ${describeValue(items[bad])}`;
        return refuse({ ...wrong, why: `has a wrong item ${bad + 1}: it ${why}` });
      }
      return accept(read.flatMap((entry) => (entry.ok ? [entry.value] : [])));
    },
    fromText: () => refuse(),
    show: (value) => value,
  };
}

/** The longest timer that Node.js can set is 2^31 - 1 ms, a little under 25 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Milliseconds, written as `250ms`, `30s`, `5m`, `1h`, and no less than `min`. `zero`: "0s" is a
 * value of its own all the same, such as "never".
 */
export function duration(min = 0, { zero = min === 0 } = {}): Kind<number> {
  const read = (written: string): Read<number> => {
    const ms = parseDuration(written);
    if (ms === null) {
      const bare = /^\s*(\d+(?:\.\d+)?)\s*$/.exec(written)?.[1];
      return bare === undefined
        ? refuse()
        : refuse({ remedy: `add the unit: "${bare}s" or "${bare}ms"` });
    }
    if (!Number.isInteger(ms)) return refuse({ why: "is finer than a millisecond" });
    if (ms < min && !(zero && ms === 0))
      return refuse({ why: `is less than the least possible ${showDuration(min)}` });
    if (ms > LONGEST_TIMER_MS) return refuse({ why: "is longer than 24 days" });
    return accept(ms);
  };
  return {
    expected: 'a duration such as "250ms", "30s", "5m" or "1h"',
    fromToml: (value) => {
      if (typeof value === "string") return read(value);
      return typeof value === "bigint" && value >= 0n
        ? refuse({ remedy: `write it as text with a unit: "${value}s" or "${value}ms"` })
        : refuse();
    },
    fromText: read,
    show: showDuration,
  };
}

/** The largest unit that needs no fraction, so that the text reads back as the same value. */
function showDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0 && ms > 60_000) return `${ms / 60_000}m`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

/** Bytes, written as `512MB` or `2GiB`; "0" is none. */
export function size(): Kind<number> {
  const read = (written: string): Read<number> => {
    const bytes = parseSize(written);
    if (bytes === null) {
      return /^\s*\d+\s*$/.test(written)
        ? refuse({ remedy: `add the unit: "${written.trim()}MB"` })
        : refuse();
    }
    return Number.isSafeInteger(bytes) ? accept(bytes) : refuse({ why: "is too large" });
  };
  return {
    expected: 'a size such as "512MB" or "2GiB", or "0"',
    fromToml: (value) => {
      if (typeof value === "string") return read(value);
      return typeof value === "bigint" && value >= 0n
        ? refuse({
            remedy: value === 0n ? 'write "0"' : `write it as text with a unit: "${value}MB"`,
          })
        : refuse();
    },
    fromText: read,
    show: showSize,
  };
}

function showSize(bytes: number): string {
  if (bytes === 0) return "0";
  for (const [unit, factor] of [
    ["GiB", 2 ** 30],
    ["GB", 1e9],
    ["MiB", 2 ** 20],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}
