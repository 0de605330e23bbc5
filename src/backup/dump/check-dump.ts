/** Walks through a dump without unpacking its rows: whole, readable, and with every table's data. */
import type { ByteReader } from "../archive/byte-reader.js";
import { TarRefusal } from "../archive/tar-header.js";
import type { Metadata } from "../metadata.js";
import { DumpRefusal, openDump, type DumpReader } from "./custom-format.js";

async function skip(pieces: AsyncIterator<Buffer>): Promise<void> {
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next());
}

async function skipBlock(dump: DumpReader, kind: "data" | "objects"): Promise<void> {
  if (kind === "data") {
    await skip(dump.chunks());
    return;
  }
  while ((await dump.nextObject()) !== 0) await skip(dump.chunks());
}

function key(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

/** @throws TarRefusal when the dump is not what metadata.json says */
export async function checkDump(
  reader: ByteReader,
  metadata: Metadata,
  member: string,
): Promise<void> {
  try {
    const dump = await openDump(reader);
    const missing = new Set(metadata.tables.map(({ schema, name }) => key(schema, name)));
    for (let block = await dump.nextBlock(); block !== null; block = await dump.nextBlock()) {
      const entry = dump.header.entries.get(block.id);
      if (entry?.kind === "TABLE DATA") missing.delete(key(entry.schema, entry.name));
      await skipBlock(dump, block.kind);
    }
    const [first] = missing;
    if (first !== undefined) throw new DumpRefusal(`the rows of ${first} are missing`);
  } catch (error) {
    if (!(error instanceof DumpRefusal)) throw error;
    throw new TarRefusal(`${member} cannot be restored: ${error.message}`);
  }
}
