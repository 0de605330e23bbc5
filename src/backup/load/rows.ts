/** Loads the rows of an archive's database members, whichever engine wrote them. */
import { createInflate } from "node:zlib";
import { Readable } from "node:stream";
import { createByteReader } from "../archive/byte-reader.js";
import { TarRefusal, type TarEntry } from "../archive/tar-header.js";
import { DumpRefusal, openDump, type DumpEntry, type DumpReader } from "../dump/custom-format.js";
import type { Inventory, Table } from "../database/inventory.js";
import { columnList } from "../engine/copy.js";
import type { Metadata, MetadataTable } from "../metadata.js";
import { quoteLiteral, quoteQualified } from "../../postgres/quote.js";
import type { Session } from "../../postgres/session.js";
import { copyIn, gathered } from "./copy-in.js";
import { loadObject } from "./objects.js";
import { counted } from "../../util/counted.js";

export interface Loader {
  /** Takes one member of the database. */
  member(entry: TarEntry, content: AsyncIterable<Buffer>): Promise<void>;
  /** @throws TarRefusal when fewer or more rows came than the backup declares */
  check(): void;
}

interface Target {
  readonly saved: MetadataTable;
  readonly table: Table;
}

const key = (schema: string, name: string): string => JSON.stringify([schema, name]);

/** The end that pg_dump puts behind the rows of a table. */
const END = Buffer.from("\\.\n\n\n");

/** The rows without pg_dump's end mark, which has to be there. Pieces pass uncopied. */
async function* withoutEnd(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    if (piece.length < END.length) {
      held = Buffer.concat([held, piece]);
      continue;
    }
    if (held.length > 0) yield held;
    held = piece;
  }
  const rows = trimmed(held);
  if (rows.length > 0) yield rows;
}

function trimmed(last: Buffer): Buffer {
  const sure = last.length - END.length;
  if (sure < 0 || !last.subarray(sure).equals(END)) {
    throw new DumpRefusal("the rows of a table end in the middle");
  }
  return last.subarray(0, sure);
}

/** Compressed bytes that are unpacked in one go; pg_dump writes pieces of 4 KiB. */
const PACKED_BYTES = 1 << 16;

async function* inflate(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const inflater = createInflate({ chunkSize: 1 << 18 });
  const source = Readable.from(gathered(pieces, PACKED_BYTES), { highWaterMark: 2 });
  source.once("error", (error) => inflater.destroy(error));
  source.pipe(inflater);
  for await (const piece of inflater) {
    if (Buffer.isBuffer(piece)) yield piece;
  }
}

/**
 * FREEZE spares the server a later pass over the rows. It is allowed because the table was emptied in
 * this same transaction, and not for a partitioned table, through which rows find their partition.
 */
function copyStatement({ saved, table }: Target, encoding: string): string {
  const { root, extension } = table;
  const into = root ?? table;
  const freeze = root === null && extension === null ? ", freeze" : "";
  return (
    `copy ${quoteQualified(into.schema, into.name)}${columnList(saved.columns)} from stdin ` +
    `with (format text, encoding ${quoteLiteral(encoding)}${freeze})`
  );
}

/** @param done called with the table whose rows were loaded */
export function createLoader(
  session: Session,
  metadata: Metadata,
  inventory: Inventory,
  done: (saved: MetadataTable) => void,
): Loader {
  const tables = new Map(inventory.tables.map((table) => [key(table.schema, table.name), table]));
  const byName = new Map<string, Target>();
  const byMember = new Map<string, Target>();
  for (const saved of metadata.tables) {
    const table = tables.get(key(saved.schema, saved.name));
    if (table === undefined) continue;
    byName.set(key(saved.schema, saved.name), { saved, table });
    if (saved.member !== null) byMember.set(saved.member, { saved, table });
  }
  const loaded = new Map<string, number>();
  let objects = 0;

  async function load(target: Target, rows: AsyncIterable<Buffer>): Promise<void> {
    const name = key(target.saved.schema, target.saved.name);
    if (loaded.has(name)) throw new DumpRefusal(`the rows of ${name} stand twice`);
    const statement = copyStatement(target, metadata.database.encoding);
    loaded.set(name, await copyIn(session, statement, rows));
    done(target.saved);
  }

  async function loadBlock(dump: DumpReader, entry: DumpEntry): Promise<void> {
    const pieces = dump.header.compressed ? inflate(dump.chunks()) : dump.chunks();
    const target = byName.get(key(entry.schema, entry.name));
    if (entry.kind !== "TABLE DATA" || target === undefined) {
      throw new DumpRefusal(`metadata.json does not list ${entry.kind} ${entry.name}`);
    }
    await load(target, withoutEnd(pieces));
  }

  async function loadDump(content: AsyncIterable<Buffer>): Promise<void> {
    const dump = await openDump(createByteReader(content));
    const { compressed, entries } = dump.header;
    for (let block = await dump.nextBlock(); block !== null; block = await dump.nextBlock()) {
      const entry = entries.get(block.id);
      if (entry === undefined) throw new DumpRefusal("a block is not in the list of contents");
      if (block.kind === "data") {
        await loadBlock(dump, entry);
        continue;
      }
      for (let oid = await dump.nextObject(); oid !== 0; oid = await dump.nextObject()) {
        const pieces = dump.chunks();
        await loadObject(session, String(oid), compressed ? inflate(pieces) : pieces);
        objects += 1;
      }
    }
  }

  return {
    async member(entry, content) {
      const path = entry.path.toString("utf8");
      const object = /^database\/objects\/(\d{1,10})$/.exec(path)?.[1];
      const target = byMember.get(path);
      if (metadata.engine === "pg_dump") await loadDump(content);
      else if (target !== undefined) await load(target, content);
      else if (object !== undefined) {
        await loadObject(session, object, content);
        objects += 1;
      } else throw new TarRefusal(`metadata.json does not say what ${path} is`);
    },
    check() {
      for (const { schema, name, rows } of metadata.tables) {
        const came = loaded.get(key(schema, name));
        if (came !== rows) {
          throw new TarRefusal(
            `${schema}.${name} has ${came === undefined ? "no rows" : counted(came, "row")} instead of ${rows}`,
          );
        }
      }
      if (objects !== metadata.large_objects.count) {
        throw new TarRefusal(`it has ${objects} large objects instead of the declared number`);
      }
    },
  };
}
