/** The statements of a schema file as digests: by the grammar, or from the memo where the text is known. */
import type { Node } from "@pgsql/types";
import { mentioned } from "./ast.js";
import { digestOf, type Digest } from "./digest.js";
import { parseSource, parseStatement, type RawStatement } from "./grammar.js";
import { cutPieces, memoKey, type Memo, type Piece } from "./memo.js";
import { byteToOffset } from "./position.js";
import { hintPlaces, renameHints } from "./renames.js";
import { hostileBoundCall, judge, type StatementKind } from "./rules.js";
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
    const verdict = judge(node);
    // The whole file's reading tells of it, and of all else that is refused.
    if ("refused" in verdict) return null;
    reads.push(understand(node, verdict.kind, piece, source, (byte) => start + offset(byte)));
  }
  return reads;
}

async function readWhole(source: Source): Promise<Read[]> {
  const reads: Read[] = [];
  for (const { node, kind, start, end } of managed(await parseSource(source), source)) {
    const text = source.text.slice(start, end);
    const place = { start, end, text, key: memoKey(text) };
    reads.push(understand(node, kind, place, source, source.offset));
    if (reads.length % AT_A_TIME === 0) await othersTurn();
  }
  return reads;
}

/** Each with its kind. What schema files cannot hold is told at once, wherever it stands. */
function managed(
  statements: readonly RawStatement[],
  source: Source,
): (RawStatement & { kind: StatementKind })[] {
  const kept: (RawStatement & { kind: StatementKind })[] = [];
  const refused: (RawStatement & { refused: string; remedy: string })[] = [];
  for (const statement of statements) {
    const verdict = judge(statement.node);
    if ("refused" in verdict) refused.push({ ...statement, ...verdict });
    else kept.push({ ...statement, kind: verdict.kind });
  }
  const [first, ...others] = refused;
  if (first === undefined) return kept;
  const remedy = [first.remedy, ...alsoRefused(others, source)].join(". ");
  throw failAt(source, first.start, "SCHEMA_UNSUPPORTED", first.refused, remedy);
}

/** Of so many others the places are told. */
const OTHERS_TOLD = 10;

function alsoRefused(
  others: readonly { refused: string; start: number }[],
  source: Source,
): string[] {
  if (others.length === 0) return [];
  const told = others
    .slice(0, OTHERS_TOLD)
    .map(({ refused, start }) => `${refused} (line ${source.line(start)})`);
  const rest = others.length - told.length;
  return [`Refused as well: ${[...told, ...(rest > 0 ? [`${rest} more`] : [])].join(", ")}`];
}

/** `offset` turns the tree's byte positions into offsets in the file. */
function understand(
  node: Node,
  kind: StatementKind,
  place: Omit<Piece, "digest">,
  source: Source,
  offset: (byte: number) => number,
): Read {
  const { start, text, key } = place;
  const isTable = "CreateStmt" in node;
  if (isTable) refuseHostileBound(node, source, start);
  const digest = digestOf(node, kind, text, (byte) => offset(byte) - start);
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
