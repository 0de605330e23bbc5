/** Saves the rows of a snapshot with the chosen engine, and says what is where. */
import { createByteReader } from "../archive/byte-reader.js";
import type { ArchiveWriter } from "../archive/archive-writer.js";
import type { Session } from "../../postgres/session.js";
import { SuperviseError } from "../../errors.js";
import { DumpRefusal, readDumpHeader, type DumpHeader } from "../dump/custom-format.js";
import type { Inventory, Table } from "../database/inventory.js";
import { countRows, rowFilter, type Snapshot } from "../database/snapshot.js";
import type { MetadataTable } from "../metadata.js";
import type { Progress } from "../progress.js";
import type { Engine } from "./choose.js";
import { saveWithCopy } from "./copy.js";
import type { PgDump } from "./find-pg-dump.js";
import { dumpWithPgDump } from "./pg-dump.js";

export interface SaveRequest {
  readonly url: string;
  readonly session: Session;
  readonly snapshot: Snapshot;
  readonly engine: Engine;
  readonly writer: ArchiveWriter;
  readonly mtimeNs: bigint;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface SavedRows {
  readonly tables: readonly MetadataTable[];
  readonly members: readonly {
    readonly path: string;
    readonly size: number;
    readonly sha256: string;
  }[];
  readonly largeObjects: number;
}

/** The member that `pg_restore` reads. */
const DUMP_MEMBER = "database.dump";

function describeTable(table: Table, rows: number, member: string | null): MetadataTable {
  const saved = table.columns.filter((column) => !column.generated);
  return {
    schema: table.schema,
    name: table.name,
    rows,
    columns: saved.map(({ name, type }) => ({ name, type })),
    condition: rowFilter(table),
    member,
  };
}

/** A table of the snapshot that the dump does not list would be lost in silence. */
function refuseMissing(program: PgDump, header: DumpHeader, inventory: Inventory): void {
  const listed = new Set<string>();
  for (const { kind, schema, name } of header.entries.values()) {
    if (kind === "TABLE DATA") listed.add(JSON.stringify([schema, name]));
  }
  const missing = inventory.tables.find(
    ({ schema, name }) => !listed.has(JSON.stringify([schema, name])),
  );
  if (missing === undefined) return;
  throw new SuperviseError("DATABASE_LOST", {
    what: `pg_dump ${program.version} left out the table ${missing.schema}.${missing.name}`,
    where: program.path,
    remedy: "use --engine copy",
  });
}

/** Passes the dump on and looks at its list of contents on the way. */
async function* checked(
  dump: AsyncIterable<Buffer>,
  request: SaveRequest,
  program: PgDump,
): AsyncGenerator<Buffer, void, undefined> {
  let start: Buffer[] | null = [];
  let held = 0;
  let tryAt = 0;
  for await (const piece of dump) {
    request.progress.add(piece.length);
    yield piece;
    if (start === null) continue;
    start.push(Buffer.from(piece));
    held += piece.length;
    if (held < tryAt) continue;
    tryAt = held * 2;
    const header = await readDumpHeader(start, createByteReader);
    if (header === null) continue;
    refuseMissing(program, header, request.snapshot.inventory);
    start = null;
  }
  if (start === null) return;
  const header = await readDumpHeader(start, createByteReader);
  if (header === null) throw new DumpRefusal("the dump has no whole list of contents");
  refuseMissing(program, header, request.snapshot.inventory);
}

async function saveWithPgDump(request: SaveRequest, program: PgDump): Promise<SavedRows> {
  const { snapshot, session, writer } = request;
  const { inventory } = snapshot;
  const dump = dumpWithPgDump(program, {
    url: request.url,
    namespace: inventory.namespace,
    snapshot: snapshot.id,
    largeObjects: inventory.largeObjects.count > 0,
    signal: request.signal,
  });
  const content = checked(dump, request, program);
  // The counts are read in the snapshot's own session while pg_dump works in another.
  const [written, counts] = await Promise.all([
    writer.stream(DUMP_MEMBER, request.mtimeNs, content, true),
    countRows(session, inventory.tables),
  ]);
  return {
    tables: inventory.tables.map((table) => describeTable(table, counts.get(table.oid) ?? 0, null)),
    members: [{ path: DUMP_MEMBER, ...written }],
    largeObjects: inventory.largeObjects.count,
  };
}

export async function saveRows(request: SaveRequest): Promise<SavedRows> {
  const { engine, snapshot, writer, mtimeNs, session, progress } = request;
  if (engine.name === "pg_dump") return saveWithPgDump(request, engine.program);
  const saved = await saveWithCopy(session, writer, snapshot, mtimeNs, (table) =>
    progress.add(table.bytes),
  );
  return {
    tables: snapshot.inventory.tables.map((table, at) => {
      const member = saved.tables[at];
      return describeTable(table, member?.rows ?? 0, member?.path ?? null);
    }),
    members: [...saved.tables, ...saved.objects],
    largeObjects: saved.objects.length,
  };
}
