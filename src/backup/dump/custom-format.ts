/**
 * Reads pg_dump's custom format, versions 1.12 to 1.16 (PostgreSQL 9 to 18), as a stream: the list of
 * contents first, then block after block of data. Source: pg_backup_archiver.c and
 * pg_backup_custom.c. Nothing of what it contains is ever executed: a restore takes the rows alone
 * and writes its own statements.
 */
import { Readable } from "node:stream";
import { TruncatedError, type ByteReader } from "../archive/byte-reader.js";

/** A dump that cannot be read. The message says why. */
export class DumpRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DumpRefusal";
  }
}

export interface DumpEntry {
  readonly id: number;
  /** `TABLE DATA`, `SEQUENCE SET`, `BLOBS`, ... */
  readonly kind: string;
  readonly schema: string;
  readonly name: string;
  readonly copyStatement: string;
}

export interface DumpHeader {
  /** 14 for archive version 1.14. */
  readonly minor: number;
  readonly compressed: boolean;
  /** The server's and pg_dump's versions. */
  readonly serverVersion: string;
  readonly dumpVersion: string;
  readonly entries: ReadonlyMap<number, DumpEntry>;
}

const OLDEST = 12;
const NEWEST = 16;
/** Format code of the custom format. */
const CUSTOM = 1;
const MOST_ENTRIES = 10_000_000;
/** No name, statement or chunk is larger in any dump that pg_dump makes of data alone. */
const LONGEST_STRING = 64 << 20;

interface Primitives {
  readonly byte: () => Promise<number>;
  readonly int: () => Promise<number>;
  readonly text: () => Promise<string | null>;
  readonly skip: (length: number) => Promise<void>;
}

function primitives(reader: ByteReader, intBytes: number): Primitives {
  const byte = async (): Promise<number> => (await reader.take(1))[0] ?? 0;
  const int = async (): Promise<number> => {
    const bytes = await reader.take(intBytes + 1);
    const value = bytes.readUIntLE(1, intBytes);
    return bytes[0] === 0 ? value : -value;
  };
  return {
    byte,
    int,
    async text() {
      const length = await int();
      if (length < 0) return null;
      if (length > LONGEST_STRING) throw new DumpRefusal("a string in the dump is too long");
      return (await reader.take(length)).toString("utf8");
    },
    async skip(length) {
      await reader.take(length);
    },
  };
}

export interface DumpReader {
  readonly header: DumpHeader;
  /** The next block's id and kind, null at the end of the dump. */
  nextBlock(): Promise<{ id: number; kind: "data" | "objects" } | null>;
  /** The pieces of the current block's data as stored; `compressed` says whether to inflate them. */
  chunks(): AsyncGenerator<Buffer, void, undefined>;
  /** In a block of large objects: the next one's oid, 0 at the end. Its content follows by `chunks`. */
  nextObject(): Promise<number>;
}

async function readEntry(
  { int, text, skip }: Primitives,
  minor: number,
  offsetBytes: number,
): Promise<DumpEntry> {
  const id = await int();
  await int();
  await text();
  await text();
  const name = await text();
  const kind = await text();
  await int();
  await text();
  await text();
  const copyStatement = await text();
  const schema = await text();
  await text();
  if (minor >= 14) await text();
  if (minor >= 16) await int();
  await text();
  await text();
  while ((await text()) !== null);
  await skip(1 + offsetBytes);
  return {
    id,
    kind: kind ?? "",
    name: name ?? "",
    schema: schema ?? "",
    copyStatement: copyStatement ?? "",
  };
}

async function readCompression(minor: number, { byte, int }: Primitives): Promise<boolean> {
  if (minor < 15) return (await int()) !== 0;
  const algorithm = await byte();
  if (algorithm > 1) {
    const name = algorithm === 2 ? "lz4" : algorithm === 3 ? "zstd" : `method ${algorithm}`;
    throw new DumpRefusal(`the dump is compressed with ${name}, which only pg_restore reads`);
  }
  return algorithm === 1;
}

/** Reads up to the first block. */
export async function openDump(reader: ByteReader): Promise<DumpReader> {
  const start = await reader.take(11);
  if (start.toString("latin1", 0, 5) !== "PGDMP") throw new DumpRefusal("it is no pg_dump archive");
  const [major = 0, minor = 0, , intBytes = 0, offsetBytes = 0, format = 0] = start.subarray(5);
  if (major !== 1 || minor < OLDEST || minor > NEWEST) {
    throw new DumpRefusal(`its dump has the format version ${major}.${minor}, which is not known`);
  }
  if (format !== CUSTOM || intBytes < 1 || intBytes > 6 || offsetBytes < 4 || offsetBytes > 8) {
    throw new DumpRefusal("its dump is not in pg_dump's custom format");
  }
  const read = primitives(reader, intBytes);
  const { int, text, byte } = read;
  const compressed = await readCompression(minor, read);
  for (let field = 0; field < 7; field += 1) await int();
  await text();
  const serverVersion = (await text()) ?? "";
  const dumpVersion = (await text()) ?? "";
  const count = await int();
  if (count < 0 || count > MOST_ENTRIES) throw new DumpRefusal("its dump lists too many entries");
  const entries = new Map<number, DumpEntry>();
  for (let at = 0; at < count; at += 1) {
    const entry = await readEntry(read, minor, offsetBytes);
    entries.set(entry.id, entry);
  }
  return {
    header: { minor, compressed, serverVersion, dumpVersion, entries },
    async nextBlock() {
      if (await reader.ended()) return null;
      const type = await byte();
      if (type !== 1 && type !== 3) throw new DumpRefusal(`unknown block type ${type} in its dump`);
      return { id: await int(), kind: type === 1 ? "data" : "objects" };
    },
    async *chunks() {
      for (;;) {
        const length = await int();
        if (length === 0) return;
        if (length < 0 || length > LONGEST_STRING) throw new DumpRefusal("a block has no length");
        yield* reader.pieces(length);
      }
    },
    nextObject: int,
  };
}

/**
 * The list of contents at the start of a dump that is still being written, or null when `start` does
 * not hold all of it yet.
 */
export async function readDumpHeader(
  start: readonly Buffer[],
  open: (source: AsyncIterable<Buffer>) => ByteReader,
): Promise<DumpHeader | null> {
  try {
    return (await openDump(open(Readable.from(start)))).header;
  } catch (error) {
    if (error instanceof TruncatedError) return null;
    throw error;
  }
}
