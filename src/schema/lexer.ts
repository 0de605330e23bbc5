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

const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*/y;
const SPACE = /\s+/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const PREFIXED_STRING = /(?:[eEbBxXnN]|[uU]&)'/y;

/** Every token of `sql`, comments included. Text that never ends (an open string) is one token. */
export function lex(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const space = matchAt(SPACE, sql, at);
    if (space !== null) {
      at += space.length;
      continue;
    }
    const [kind, end] = tokenAt(sql, at);
    const text = sql.slice(at, end);
    tokens.push({ kind, start: at, end, value: valueOf(kind, text) });
    at = end;
  }
  return tokens;
}

function tokenAt(sql: string, at: number): [TokenKind, number] {
  const two = sql.slice(at, at + 2);
  if (two === "--") return ["comment", lineEnd(sql, at)];
  if (two === "/*") return ["comment", blockEnd(sql, at)];
  const prefix = matchAt(PREFIXED_STRING, sql, at);
  if (prefix !== null) {
    const escapes = prefix.toLowerCase().startsWith("e");
    return ["string", quoteEnd(sql, at + prefix.length, "'", escapes)];
  }
  const char = sql.charAt(at);
  if (char === "'") return ["string", quoteEnd(sql, at + 1, "'", false)];
  if (char === '"') return ["quoted", quoteEnd(sql, at + 1, '"', false)];
  const dollar = matchAt(DOLLAR, sql, at);
  if (dollar !== null) {
    const close = sql.indexOf(dollar, at + dollar.length);
    return ["string", close < 0 ? sql.length : close + dollar.length];
  }
  const word = matchAt(WORD, sql, at);
  if (word !== null) return ["word", at + word.length];
  const number = matchAt(NUMBER, sql, at);
  return number === null ? ["punctuation", at + 1] : ["number", at + number.length];
}

function valueOf(kind: TokenKind, text: string): string {
  if (kind === "word") return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return kind === "quoted" ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function matchAt(pattern: RegExp, sql: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0] ?? null;
}

function lineEnd(sql: string, at: number): number {
  const end = sql.indexOf("\n", at);
  return end < 0 ? sql.length : end;
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
