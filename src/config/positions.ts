/**
 * Where each key of a TOML document stands. The parser that reads the values gives positions for
 * syntax errors only; this walks a text that the parser has accepted, so it looks for ends, not for
 * mistakes. Values are skipped, keys inside inline tables are found.
 */

/** Lines, counted from 1, by key path. */
export interface KeyPositions {
  /** The line of the key, or of its nearest parent that stands in the text. */
  line(path: readonly string[]): number;
}

interface Scan {
  readonly text: string;
  readonly lines: Map<string, number>;
  at: number;
  line: number;
}

const BLANK = /[\s\ufeff]/;

const nameOf = (path: readonly string[]): string => JSON.stringify(path);

export function locateKeys(text: string): KeyPositions {
  const scan: Scan = { text, lines: new Map(), at: 0, line: 1 };
  let table: readonly string[] = [];
  while (skipBlank(scan)) {
    if (text[scan.at] === "[") {
      skipWhile(scan, /\[/);
      table = readPath(scan, []);
      skipWhile(scan, /\]/);
    } else {
      readPair(scan, table);
    }
  }
  return {
    line(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const line = scan.lines.get(nameOf(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return 1;
    },
  };
}

function step(scan: Scan, count = 1): void {
  for (let taken = 0; taken < count; taken += 1) {
    if (scan.text[scan.at] === "\n") scan.line += 1;
    scan.at += 1;
  }
}

function skipWhile(scan: Scan, allowed: RegExp): void {
  while (scan.at < scan.text.length && allowed.test(scan.text[scan.at] ?? "")) step(scan);
}

/** Skips blanks, line ends and comments; false at the end of the text. */
function skipBlank(scan: Scan): boolean {
  skipWhile(scan, BLANK);
  while (scan.text[scan.at] === "#") {
    skipWhile(scan, /[^\n]/);
    skipWhile(scan, BLANK);
  }
  return scan.at < scan.text.length;
}

/** `a."b.c".d`, noted with all its parents; stops at `=` or `]`. */
function readPath(scan: Scan, parent: readonly string[]): readonly string[] {
  let path = parent;
  for (;;) {
    skipBlank(scan);
    const { line } = scan;
    path = [...path, readKey(scan)];
    if (!scan.lines.has(nameOf(path))) scan.lines.set(nameOf(path), line);
    skipBlank(scan);
    if (scan.text[scan.at] !== ".") return path;
    step(scan);
  }
}

function readKey(scan: Scan): string {
  const quote = scan.text[scan.at];
  if (quote === '"' || quote === "'") {
    const written = skipString(scan);
    return quote === "'" ? written.slice(1, -1) : unescape(written.slice(1, -1));
  }
  const start = scan.at;
  // Progress even on a text that the parser would have refused.
  step(scan);
  skipWhile(scan, /[^\s=.\]}]/);
  return scan.text.slice(start, scan.at);
}

function readPair(scan: Scan, table: readonly string[]): void {
  const path = readPath(scan, table);
  if (scan.text[scan.at] === "=") step(scan);
  skipBlank(scan);
  readValue(scan, path);
}

function readValue(scan: Scan, path: readonly string[]): void {
  const first = scan.text[scan.at];
  if (first === '"' || first === "'") {
    skipString(scan);
  } else if (first === "[") {
    readItems(scan, "]", () => readValue(scan, path));
  } else if (first === "{") {
    readItems(scan, "}", () => readPair(scan, path));
  } else {
    skipWhile(scan, /[^,\]}#\n]/);
  }
}

function readItems(scan: Scan, close: string, readItem: () => void): void {
  step(scan);
  while (skipBlank(scan)) {
    if (scan.text[scan.at] === close) break;
    const before = scan.at;
    if (scan.text[scan.at] !== ",") readItem();
    // The comma; or, in a text that the parser would have refused, what no item begins with.
    if (scan.text[scan.at] === "," || scan.at === before) step(scan);
  }
  step(scan);
}

/** The string as written, quotes included. */
function skipString(scan: Scan): string {
  const start = scan.at;
  const quote = scan.text[scan.at] ?? "";
  const long = scan.text.startsWith(quote.repeat(3), scan.at);
  const close = long ? quote.repeat(3) : quote;
  step(scan, close.length);
  while (scan.at < scan.text.length && !scan.text.startsWith(close, scan.at)) {
    step(scan, quote === '"' && scan.text[scan.at] === "\\" ? 2 : 1);
  }
  step(scan, close.length);
  // A long string may end in up to two quotes of its own.
  while (long && scan.text[scan.at] === quote) step(scan);
  return scan.text.slice(start, scan.at);
}

const SHORT: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r" };

function unescape(written: string): string {
  return written.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g,
    (_all, four?: string, eight?: string, short?: string) =>
      short === undefined
        ? String.fromCodePoint(Number.parseInt(four ?? eight ?? "0", 16))
        : (SHORT[short] ?? short),
  );
}
