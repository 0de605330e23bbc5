/**
 * Statements whose text is as it was need not go through the grammar again: their digests were kept.
 * A file is cut at its semicolons by tokens alone. A cut that equals the text of a statement, which
 * the grammar took for one and only one, is that statement, whatever stands beside it; cuts that are
 * new are read by the grammar one by one. Whenever that does not work out, the whole file is read,
 * so errors are told from there.
 */
import { createHash } from "node:crypto";
import type { Digest } from "./digest.js";
import type { Source } from "./source.js";

/** Digests by `memoKey` of the statement's text. */
export type Memo = ReadonlyMap<string, Digest>;

/** The grammar as a whole is quicker than one by one when about this many are new. */
const FEW = 200;

/** Offsets in the file: from the first token to behind the last, without comments around. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Of the text, in the memo. */
  readonly key: string;
  readonly digest: Digest | null;
}

export const memoKey = (text: string): string =>
  createHash("sha256").update(text).digest("base64").slice(0, 22);

/**
 * The pieces of a file; null when so much is new that it had better be read whole. `fresh` tells
 * pieces that have to be read though they are known.
 */
export function cutPieces(
  source: Source,
  memo: Memo,
  fresh: (start: number, end: number) => boolean,
): Piece[] | null {
  if (memo.size === 0) return null;
  const pieces: Piece[] = [];
  let unknown = 0;
  let start = -1;
  let end = -1;
  const close = (): void => {
    if (start < 0) return;
    const text = source.text.slice(start, end);
    const key = memoKey(text);
    const digest = fresh(start, end) ? null : (memo.get(key) ?? null);
    if (digest === null) unknown += 1;
    pieces.push({ start, end, text, key, digest });
    start = -1;
  };
  for (const token of source.tokens) {
    if (token.kind === "comment") continue;
    if (token.value === ";" && token.kind === "punctuation") {
      close();
      if (unknown > FEW) return null;
      continue;
    }
    if (start < 0) start = token.start;
    end = token.end;
  }
  close();
  return unknown > FEW ? null : pieces;
}
