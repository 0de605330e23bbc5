/** The statements of a schema file as digests: by the grammar, or from the memo where the text is known. */
import type { Node } from "@pgsql/types";
import { mentioned } from "./ast.js";
import { digestOf, type Digest } from "./digest.js";
import { parseSource, parseStatement } from "./grammar.js";
import { cutPieces, memoKey, type Memo, type Piece } from "./memo.js";
import { byteToOffset } from "./position.js";
import { hintPlaces, renameHints } from "./renames.js";
import { hostileBoundCall, judge } from "./rules.js";
import { failAt, refuseHidden, type Source } from "./source.js";
import type { Rename } from "./statement.js";

/** Statements until the loop takes its turn: the server's answers are read beside the parsing. */
export const AT_A_TIME = 100;
export const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface Read {
  readonly source: Source;
  /** Offset in the file. */
  readonly start: number;
  readonly text: string;
  /** Of the text, in the memo. */
  readonly key: string;
  readonly digest: Digest;
  /** Null when the digest was known. */
  readonly node: Node | null;
  readonly renames: readonly Rename[];
}

/** @throws SuperviseError SCHEMA_INVALID, SCHEMA_UNSUPPORTED with file and line. */
export async function readStatements(source: Source, memo: Memo): Promise<Read[]> {
  // Hints stand in comments, also behind a statement: what is said by them is in no digest.
  const hints = hintPlaces(source);
  const pieces = cutPieces(source, memo, (start, end) => hints.concern(start, end));
  if (pieces === null) return readWhole(source);
  refuseHidden(source);
  return (await readPieces(pieces, source)) ?? readWhole(source);
}

/** Null when a piece is no statement by itself. */
async function readPieces(pieces: readonly Piece[], source: Source): Promise<Read[] | null> {
  const reads: Read[] = [];
  for (const piece of pieces) {
    const { start, text, key, digest } = piece;
    if (digest !== null) {
      reads.push({ source, start, text, key, digest, node: null, renames: [] });
      continue;
    }
    const node = await parseStatement(text);
    if (node === null) return null;
    const offset = byteToOffset(text);
    reads.push(understand(node, piece, source, (byte) => start + offset(byte)));
  }
  return reads;
}

async function readWhole(source: Source): Promise<Read[]> {
  const reads: Read[] = [];
  for (const { node, start, end } of await parseSource(source)) {
    const text = source.text.slice(start, end);
    reads.push(understand(node, { start, end, text, key: memoKey(text) }, source, source.offset));
    if (reads.length % AT_A_TIME === 0) await othersTurn();
  }
  return reads;
}

/** `offset` turns the tree's byte positions into offsets in the file. */
function understand(
  node: Node,
  place: Omit<Piece, "digest">,
  source: Source,
  offset: (byte: number) => number,
): Read {
  const { start, text, key } = place;
  const verdict = judge(node);
  if ("refused" in verdict) {
    throw failAt(source, start, "SCHEMA_UNSUPPORTED", verdict.refused, verdict.remedy);
  }
  const isTable = "CreateStmt" in node;
  if (isTable) refuseHostileBound(node, source, start);
  const digest = digestOf(node, verdict.kind, text, (byte) => offset(byte) - start);
  const renames = isTable
    ? renameHints(node.CreateStmt, source.text, source.tokens, place, offset)
    : [];
  return { source, start, text, key, digest, node, renames };
}

function refuseHostileBound(
  { CreateStmt }: Extract<Node, { CreateStmt: unknown }>,
  source: Source,
  start: number,
): void {
  if (CreateStmt.partbound === undefined) return;
  const call = hostileBoundCall(mentioned({ PartitionBoundSpec: CreateStmt.partbound }).calls);
  if (call === null) return;
  throw failAt(
    source,
    start,
    "SCHEMA_UNSUPPORTED",
    `the function ${call} in a partition's bound`,
    "write the value itself",
  );
}
