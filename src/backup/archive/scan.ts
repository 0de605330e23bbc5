/**
 * Reads an archive from the front to the end, each member held against SHA256SUMS and metadata.json
 * as it comes. Everything that this program would not have written is refused. What a visitor did
 * with the content counts only once the scan has returned.
 */
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { inflated, readSums, type ArchiveInfo } from "./archive-reader.js";
import { createByteReader, type ByteReader } from "./byte-reader.js";
import { createMemberOrder } from "./member-order.js";
import { showPath } from "./member-path.js";
import type { Sum } from "./sums.js";
import { nextEntry } from "./tar-entries.js";
import { BLOCK, padding, TarRefusal, type TarEntry } from "./tar-header.js";

type Visit = (entry: TarEntry, content: AsyncIterable<Buffer>) => Promise<void>;

/** What happens to the members. */
export interface Visitor {
  /** A file of the database. `content` need not be read to its end. */
  readonly database?: Visit;
  /** A folder or file of the uploads, in the order of a walk. */
  readonly upload?: Visit;
  /** After a file of the uploads turned out to be whole. */
  readonly uploaded?: (entry: TarEntry, sha256: string) => Promise<void>;
  /** Bytes of the archive's content that have been read since the last call. */
  readonly progress?: (bytes: number) => void;
  /** Stop behind the database, whose members stand first. Default: read everything. */
  readonly databaseOnly?: boolean;
}

async function* hashing(
  pieces: AsyncIterable<Buffer>,
  seen: (piece: Buffer) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of pieces) {
    seen(piece);
    yield piece;
  }
}

async function readMember(
  reader: ByteReader,
  entry: TarEntry,
  visit: ((content: AsyncIterable<Buffer>) => Promise<void>) | null,
  progress: (bytes: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  const content = hashing(reader.pieces(entry.size), (piece) => {
    hash.update(piece);
    progress(piece.length);
  });
  // A visitor that stops early must not end the generator: the rest still has to be hashed.
  const iterator: AsyncIterableIterator<Buffer> = {
    next: () => content.next(),
    [Symbol.asyncIterator]: () => iterator,
  };
  if (visit !== null) await visit(iterator);
  for (let next = await content.next(); next.done !== true; next = await content.next());
  if ((await reader.take(padding(entry.size))).some((byte) => byte !== 0)) {
    throw new TarRefusal(`there is data behind the member ${showPath(entry.path)}`);
  }
  return hash.digest("hex");
}

function hold(entry: TarEntry, sha256: string, declared: IteratorResult<Sum>): void {
  const name = showPath(entry.path);
  if (declared.done === true || !declared.value.path.equals(entry.path)) {
    throw new TarRefusal(`the member ${name} is not the next one in SHA256SUMS`);
  }
  if (declared.value.sha256 !== sha256) {
    throw new TarRefusal(`the checksum of ${name} is wrong: it is damaged`);
  }
}

/** @throws TarRefusal and its relatives; `withArchive` makes them ARCHIVE_INVALID (65) */
export async function scanArchive(
  file: FileHandle,
  info: ArchiveInfo,
  visitor: Visitor,
): Promise<void> {
  const sums = readSums(file, info);
  const reader = createByteReader(inflated(file, info));
  try {
    await scan({ sums, reader, info, visitor });
  } finally {
    await reader.close();
    await sums.return();
  }
}

interface Scan {
  readonly sums: AsyncGenerator<Sum, void, undefined>;
  readonly reader: ByteReader;
  readonly info: ArchiveInfo;
  readonly visitor: Visitor;
}

async function scan({ sums, reader, info, visitor }: Scan): Promise<void> {
  const shaOf = new Map(info.metadata.members.map(({ path, sha256 }) => [path, sha256]));
  const order = createMemberOrder(info.metadata);
  const progress = (bytes: number): void => visitor.progress?.(bytes);
  const visits = { database: visitor.database, uploads: visitor.upload };
  for (let entry = await nextEntry(reader); entry !== null; entry = await nextEntry(reader)) {
    const at = entry;
    const role = order.next(at);
    if (role !== "database" && visitor.databaseOnly === true) return;
    const visit = role === "database" || role === "uploads" ? visits[role] : undefined;
    const sha256 = await readMember(
      reader,
      at,
      visit === undefined ? null : (content) => visit(at, content),
      progress,
    );
    if (at.kind === "folder") continue;
    if (role === "sums") {
      if (sha256 !== info.footer.sumsSha256) throw new TarRefusal("SHA256SUMS is damaged");
      continue;
    }
    if (role === "metadata" && sha256 !== info.metadataSha256) {
      throw new TarRefusal("metadata.json is not the one that the end of the archive names");
    }
    hold(at, sha256, await sums.next());
    if (role === "database" && shaOf.get(at.path.toString("latin1")) !== sha256) {
      throw new TarRefusal(`the checksum of ${showPath(at.path)} is not that of metadata.json`);
    }
    if (role === "uploads") await visitor.uploaded?.(at, sha256);
  }
  order.end();
  if ((await sums.next()).done !== true) {
    throw new TarRefusal("SHA256SUMS names members that are missing");
  }
  const last = await reader.take(BLOCK);
  if (last.some((byte) => byte !== 0) || !(await reader.ended())) {
    throw new TarRefusal("there is data behind its end");
  }
}
