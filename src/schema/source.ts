/** A schema file's text with its tokens, and the errors that point into it. */
import { SuperviseError, type ErrorCode } from "../errors.js";
import { lex, type Token } from "./lexer.js";
import { byteToOffset, lineAt, lineCounter } from "./position.js";

export interface SchemaFile {
  /** Relative to the project, for messages. */
  readonly name: string;
  readonly text: string;
}

export interface Source extends SchemaFile {
  readonly index: number;
  readonly tokens: readonly Token[];
  /** From the parser's byte offsets to offsets in `text`. */
  readonly offset: (byte: number) => number;
  /** The line, from 1, of an offset in `text`. */
  readonly line: (at: number) => number;
}

export function openSource(file: SchemaFile, index = 0): Source {
  return {
    ...file,
    index,
    tokens: lex(file.text),
    offset: byteToOffset(file.text),
    line: lineCounter(file.text),
  };
}

/** A failure at offset `at` of the file. */
export function failAt(
  source: SchemaFile,
  at: number,
  code: ErrorCode,
  what: string,
  remedy: string,
): SuperviseError {
  const where = `${source.name}:${lineAt(source.text, at)}`;
  return new SuperviseError(code, { what, where, remedy });
}

/**
 * What would hide the statements that follow in silence: a zero byte, at which the grammar ends, and
 * a block comment without an end.
 *
 * @throws SuperviseError SCHEMA_INVALID with its place.
 */
export function refuseHidden(source: Source): void {
  const zero = source.text.indexOf("\0");
  if (zero >= 0) {
    throw failAt(source, zero, "SCHEMA_INVALID", "a zero byte", "remove it; SQL holds none");
  }
  const last = source.tokens.at(-1);
  if (last?.kind !== "comment" || !last.value.startsWith("/*")) return;
  const marks = last.value.match(/\/\*|\*\//g) ?? [];
  if (marks.filter((mark) => mark === "*/").length * 2 === marks.length) return;
  throw failAt(
    source,
    last.start,
    "SCHEMA_INVALID",
    "a comment that never ends: /* without its */",
    "end the comment where it shall end; comments nest, each /* needs a */ of its own",
  );
}

/** Index of the first token at or behind `at`, comments included; `tokens.length` when there is none. */
export function tokenIndex(tokens: readonly Token[], at: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.start ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
