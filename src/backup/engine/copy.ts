/**
 * The built-in engine: COPY in the snapshot's own transaction, one member a table, and one a large
 * object. For where no suitable pg_dump is at hand.
 */
import { to as copyTo } from "pg-copy-streams";
import type { ArchiveWriter, Written } from "../archive/archive-writer.js";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../../postgres/quote.js";
import type { Session } from "../../postgres/session.js";
import type { Table } from "../database/inventory.js";
import { rowFilter, type Snapshot } from "../database/snapshot.js";

/** The spellings that read back the same under any setting, as pg_dump chooses them. */
const SPELLING = `
  set local datestyle = 'ISO';
  set local intervalstyle = 'postgres';
  set local extra_float_digits = 3;
  set local synchronize_seqscans = off`;

/** A table up to this size is written as a member of known size, without a block of its own. */
const SMALL = 1 << 20;
const OBJECT_PIECE = 1 << 20;

/** `(a, b)`, or nothing for a table without columns. */
export function columnList(columns: readonly { readonly name: string }[]): string {
  if (columns.length === 0) return "";
  return ` (${columns.map(({ name }) => quoteIdentifier(name)).join(", ")})`;
}

function copyStatement(table: Table, encoding: string): string {
  const columns = table.columns.filter((column) => !column.generated);
  const name = quoteQualified(table.schema, table.name);
  const filter = rowFilter(table);
  const source =
    filter === ""
      ? `${name}${columnList(columns)}`
      : `(select ${columns.map((column) => quoteIdentifier(column.name)).join(", ")} from only ${name} ${filter})`;
  return `copy ${source} to stdout with (format text, encoding ${quoteLiteral(encoding)})`;
}

export interface SavedMember extends Written {
  readonly path: string;
  readonly rows: number;
}

/** The first pieces of a stream up to `limit` bytes, and whether that was all of it. */
async function startOf(
  pieces: AsyncIterator<Buffer>,
  limit: number,
): Promise<{ start: Buffer[]; size: number; whole: boolean }> {
  const start: Buffer[] = [];
  let size = 0;
  while (size <= limit) {
    const next = await pieces.next();
    if (next.done === true) return { start, size, whole: true };
    start.push(next.value);
    size += next.value.length;
  }
  return { start, size, whole: false };
}

async function* rowsOf(
  session: Session,
  statement: string,
  counted: (rows: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const stream = session.client.query(copyTo(statement, { highWaterMark: 1 << 18 }));
  for await (const piece of stream) {
    if (Buffer.isBuffer(piece)) yield piece;
  }
  // The count comes with the end of the command, just behind the rows.
  await session.query("select");
  counted(stream.rowCount);
}

async function* chain(
  start: readonly Buffer[],
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  yield* start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Saves one table as the member `path`. */
async function saveTable(
  session: Session,
  writer: ArchiveWriter,
  request: { table: Table; encoding: string; path: string; mtimeNs: bigint },
): Promise<SavedMember> {
  const { table, encoding, path, mtimeNs } = request;
  let rows = 0;
  const statement = copyStatement(table, encoding);
  const pieces = rowsOf(session, statement, (count) => (rows = count));
  const { start, size, whole } = await startOf(pieces, SMALL);
  const written = whole
    ? await writer.file({ path: Buffer.from(path), size, mode: 0o600, mtimeNs }, start)
    : await writer.stream(path, mtimeNs, chain(start, pieces), false);
  return { ...written, path, rows };
}

async function* objectContent(
  session: Session,
  oid: string,
  size: number,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < size; at += OBJECT_PIECE) {
    const [row] = await session.query<{ piece: Buffer }>(
      "select pg_catalog.lo_get($1, $2, $3) as piece",
      [oid, at, Math.min(OBJECT_PIECE, size - at)],
    );
    if (row !== undefined) yield row.piece;
  }
}

async function saveObjects(
  session: Session,
  writer: ArchiveWriter,
  mtimeNs: bigint,
): Promise<SavedMember[]> {
  const objects = await session.query<{ oid: string; size: number }>(
    `select m.oid::text as oid,
       pg_catalog.lo_lseek64(pg_catalog.lo_open(m.oid, 262144), 0, 2)::float8 as size
     from pg_catalog.pg_largeobject_metadata m
     where pg_catalog.pg_has_role(m.lomowner, 'USAGE')
        or (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
     order by m.oid`,
  );
  const saved: SavedMember[] = [];
  for (const { oid, size } of objects) {
    const path = `database/objects/${oid}`;
    const entry = { path: Buffer.from(path), size, mode: 0o600, mtimeNs };
    saved.push({
      ...(await writer.file(entry, objectContent(session, oid, size))),
      path,
      rows: 1,
    });
  }
  return saved;
}

export interface CopyResult {
  /** In the order of the inventory's tables. */
  readonly tables: readonly SavedMember[];
  readonly objects: readonly SavedMember[];
}

/** @param done called with each table's bytes on disk when it is saved */
export async function saveWithCopy(
  session: Session,
  writer: ArchiveWriter,
  snapshot: Snapshot,
  mtimeNs: bigint,
  done: (table: Table) => void,
): Promise<CopyResult> {
  await session.query(SPELLING);
  const { inventory, encoding } = snapshot;
  const tables: SavedMember[] = [];
  for (const [at, table] of inventory.tables.entries()) {
    const path = `database/${String(at + 1).padStart(6, "0")}.copy`;
    tables.push(await saveTable(session, writer, { table, encoding, path, mtimeNs }));
    done(table);
  }
  return { tables, objects: await saveObjects(session, writer, mtimeNs) };
}
