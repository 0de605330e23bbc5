/**
 * SQL as words, quoted names, strings, comments and punctuation, with their places. It finds where
 * things stand in the text; what they mean is left to the real grammar (grammar.ts).
 */

type TokenKind = "word" | "quoted" | "string" | "number" | "comment" | "punctuation";

export interface Token {
  readonly kind: TokenKind;
  /** Offsets into the text, in UTF-16 units; `end` is behind the last. */
  readonly start: number;
  readonly end: number;
  /** A name as PostgreSQL folds it; otherwise the text as written. */
  readonly value: string;
}

const SPACE = 1;
const LETTER = 2;
const DIGIT = 3;
/** The class of each ASCII character; beyond ASCII all are letters, as for PostgreSQL's own lexer. */
const CLASSES = new Uint8Array(128);
for (const char of " \t\n\r\f\v") CLASSES[char.charCodeAt(0)] = SPACE;
for (const char of "abcdefghijklmnopqrstuvwxyz_") {
  CLASSES[char.charCodeAt(0)] = LETTER;
  CLASSES[char.toUpperCase().charCodeAt(0)] = LETTER;
}
for (const char of "0123456789") CLASSES[char.charCodeAt(0)] = DIGIT;

function classAt(sql: string, at: number): number {
  const code = sql.charCodeAt(at);
  return code > 127 ? LETTER : (CLASSES[code] ?? 0);
}

const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const NUMBER = /\d[\w.]*/y;

/** Every token of `sql`, comments included. Text that never ends (an open string) is one token. */
export function lex(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    if (classAt(sql, at) === SPACE) {
      at += 1;
      continue;
    }
    const token = tokenAt(sql, at);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function tokenAt(sql: string, at: number): Token {
  switch (classAt(sql, at)) {
    case LETTER:
      return wordAt(sql, at);
    case DIGIT:
      return token("number", sql, at, at + matchAt(NUMBER, sql, at).length);
    default:
      return markAt(sql, at);
  }
}

const token = (kind: TokenKind, sql: string, start: number, end: number): Token => ({
  kind,
  start,
  end,
  value: sql.slice(start, end),
});

/** A word, or a string whose quote stands right behind its letter: `E'...'`, `U&'...'`. */
function wordAt(sql: string, start: number): Token {
  let end = start + 1;
  while (end < sql.length && (classAt(sql, end) >= LETTER || sql.charAt(end) === "$")) end += 1;
  const word = folded(sql.slice(start, end));
  const quote = end === start + 1 ? quoteBehind(sql, word, end) : -1;
  if (quote < 0) return { kind: "word", start, end, value: word };
  return token("string", sql, start, quoteEnd(sql, quote, "'", word === "e"));
}

/** Behind the opening quote of the string that the letter in front makes special, or -1. */
function quoteBehind(sql: string, letter: string, at: number): number {
  if (letter === "u" && sql.startsWith("&'", at)) return at + 2;
  return "ebxn".includes(letter) && sql.charAt(at) === "'" ? at + 1 : -1;
}

function markAt(sql: string, at: number): Token {
  const char = sql.charAt(at);
  if (char === "'") return token("string", sql, at, quoteEnd(sql, at + 1, "'", false));
  if (char === '"') {
    const end = quoteEnd(sql, at + 1, '"', false);
    return {
      kind: "quoted",
      start: at,
      end,
      value: sql.slice(at + 1, end - 1).replaceAll('""', '"'),
    };
  }
  if (sql.startsWith("--", at)) return token("comment", sql, at, lineEnd(sql, at));
  if (sql.startsWith("/*", at)) return token("comment", sql, at, blockEnd(sql, at));
  const tag = char === "$" ? matchAt(DOLLAR, sql, at) : "";
  if (tag === "") return token("punctuation", sql, at, at + 1);
  const close = sql.indexOf(tag, at + tag.length);
  return token("string", sql, at, close < 0 ? sql.length : close + tag.length);
}

/** ASCII capitals alone are folded, which is what the server does with a UTF-8 database. */
const folded = (text: string): string =>
  /[A-Z]/.test(text) ? text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;

function matchAt(pattern: RegExp, sql: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0] ?? "";
}

function lineEnd(sql: string, start: number): number {
  for (let at = start; at < sql.length; at += 1) {
    const char = sql.charAt(at);
    if (char === "\n" || char === "\r") return at;
  }
  return sql.length;
}

/** Block comments nest. */
function blockEnd(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at += 1) {
    const two = sql.slice(at, at + 2);
    if (two === "/*") depth += 1;
    else if (two === "*/") depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return sql.length;
}

function quoteEnd(sql: string, start: number, quote: string, escapes: boolean): number {
  for (let at = start; at < sql.length; at += 1) {
    const char = sql.charAt(at);
    if (escapes && char === "\\") at += 1;
    else if (char === quote) {
      if (sql.charAt(at + 1) !== quote) return at + 1;
      at += 1;
    }
  }
  return sql.length;
}
