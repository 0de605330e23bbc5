/**
 * `backup create`: one snapshot of the database and the uploads, written in one pass. Order: connect,
 * snapshot, choose the engine, rows, uploads, metadata, publish. Whatever fails in between leaves
 * nothing under the archive's name.
 */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import { formatSize } from "../util/units.js";
import { productVersion } from "../config/version.js";
import type { Logger } from "../log/logger.js";
import { createArchiveWriter, type ArchiveWriter } from "./archive/archive-writer.js";
import type { Output } from "./archive/output.js";
import { cancelOnAbort } from "./database/cancel.js";
import { openDatabase, type OpenDatabase } from "./database/connect.js";
import { schemaFingerprint } from "./database/fingerprint.js";
import { openSnapshot, readPositions, type Snapshot } from "./database/snapshot.js";
import { chooseEngine, type Engine, type EngineName } from "./engine/choose.js";
import { findPgDumps } from "./engine/find-pg-dump.js";
import { saveRows, type SavedRows } from "./engine/save-rows.js";
import { currentRevision, installedFramework } from "./facts.js";
import { backupFailure } from "./load/failure.js";
import { encodeMetadata, FORMAT_VERSION, LARGEST_METADATA, type Metadata } from "./metadata.js";
import { backupName } from "./names.js";
import { openArchiveOutput } from "./open-output.js";
import type { Progress } from "./progress.js";
import { interrupted, unwritable } from "./refusals.js";
import { requireSpace } from "./free-space.js";
import { settleUploads } from "./settle.js";
import { uploadsFolder } from "./uploads/folder.js";
import { findOwnArchives, type IsArchive } from "./uploads/own-archives.js";
import { saveUploads, type SavedUploads } from "./uploads/save.js";
import { measureUploads, type UploadsTotal } from "./uploads/walk.js";

export interface CreateRequest {
  readonly config: Config;
  readonly log: Logger;
  /** A file; a stream for `--output -`; null for the default name in `[backup] dir`. */
  readonly output: string | NodeJS.WritableStream | null;
  readonly dataOnly: boolean;
  readonly engine: EngineName;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly now: () => Date;
}

/** What `--dry-run` shows. */
export interface CreatePlan {
  readonly output: string;
  readonly engine: string;
  /** Why the built-in engine is used; null with pg_dump. */
  readonly engine_reason: string | null;
  readonly database: {
    readonly server_version: string;
    readonly namespace: string;
    readonly tables: readonly { readonly name: string; readonly bytes: number }[];
    readonly sequences: number;
    readonly large_objects: number;
  };
  readonly uploads: ({ readonly folder: string } & UploadsTotal) | null;
  readonly left_out: Metadata["left_out"];
}

export interface CreateResult {
  /** Null when it went to a stream. */
  readonly path: string | null;
  readonly bytes: number;
  readonly metadata: Metadata;
}

interface Job {
  readonly request: CreateRequest;
  readonly database: OpenDatabase;
  readonly snapshot: Snapshot;
  readonly engine: Engine;
  readonly folder: string;
  readonly isArchive: IsArchive;
  readonly uploads: UploadsTotal | null;
}

async function prepare(request: CreateRequest, database: OpenDatabase): Promise<Job> {
  const { config, dataOnly } = request;
  const snapshot = await openSnapshot(database.session, config.database.namespace);
  const found = request.engine === "copy" ? [] : await findPgDumps(process.env["PATH"] ?? "");
  const major = Math.floor(database.session.serverVersionNum / 10_000);
  const engine = chooseEngine(request.engine, found, major, snapshot.inventory);
  const folder = await uploadsFolder(config);
  const output = typeof request.output === "string" ? request.output : null;
  const isArchive = await findOwnArchives(config, folder, output);
  const uploads = dataOnly ? null : await measureUploads(folder, isArchive);
  return { request, database, snapshot, engine, folder, isArchive, uploads };
}

function defaultPath(config: Config, time: Date): string {
  return resolve(config.root, config.backup.dir, backupName(config.project.name, time));
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/**
 * What pg_dump's compressed output usually takes of the tables' bytes on disk, so that its progress
 * has a total (0.24 of a 1.1 GB test database). Only the time left that is shown depends on it.
 */
const PACKED_SHARE = 0.25;

function tableBytes(snapshot: Snapshot): number {
  return snapshot.inventory.tables.reduce((sum, table) => sum + table.bytes, 0);
}

function refuseWhenInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw interrupted();
}

/** Runs `work` with the database open and the snapshot taken, `before` ahead of the snapshot. */
async function withJob<T>(
  request: CreateRequest,
  before: (database: OpenDatabase) => Promise<void>,
  work: (job: Job) => Promise<T>,
): Promise<T> {
  refuseWhenInterrupted(request.signal);
  const database = await openDatabase(request.config, request.log, "backup");
  const letGo = cancelOnAbort(database.session, request.signal);
  try {
    refuseWhenInterrupted(request.signal);
    await before(database);
    return await work(await prepare(request, database));
  } catch (error) {
    throw backupFailure(error, database.session);
  } finally {
    letGo();
    await database.close();
  }
}

/** What would be backed up; changes nothing. */
export function planBackup(request: CreateRequest): Promise<CreatePlan> {
  const nothing = (): Promise<void> => Promise.resolve();
  return withJob(request, nothing, ({ snapshot, engine, folder, uploads, database }) => {
    const { inventory } = snapshot;
    const { output, config } = request;
    return Promise.resolve({
      output:
        output === null
          ? defaultPath(config, request.now())
          : typeof output === "string"
            ? output
            : "-",
      engine: engine.name === "pg_dump" ? `pg_dump ${engine.program.version}` : "copy",
      engine_reason: engine.name === "copy" ? engine.reason : null,
      database: {
        server_version: database.session.serverVersion,
        namespace: inventory.namespace,
        tables: inventory.tables.map(({ schema, name, bytes }) => ({
          name: `${schema}.${name}`,
          bytes,
        })),
        sequences: inventory.sequences.length,
        large_objects: inventory.largeObjects.count,
      },
      uploads: uploads === null ? null : { folder, ...uploads },
      left_out: inventory.leftOut,
    });
  });
}

interface Parts {
  readonly patched: readonly number[];
  readonly time: Date;
  readonly rows: SavedRows;
  readonly uploads: SavedUploads | null;
}

async function describe(job: Job, { time, rows, uploads, patched }: Parts): Promise<Metadata> {
  const { request, database, snapshot, engine } = job;
  const { config } = request;
  const { session } = database;
  const { inventory } = snapshot;
  const [name] = await session.query<{ name: string }>("select current_database() as name");
  const databaseBytes = rows.members.reduce((sum, member) => sum + member.size, 0);
  return {
    format_version: FORMAT_VERSION,
    project: config.project.name,
    framework: config.project.framework,
    framework_version: await installedFramework(config),
    timestamp: time.toISOString(),
    written_by: `dazzle-supervise ${productVersion()}`,
    engine: engine.name,
    pg_dump_version: engine.name === "pg_dump" ? engine.program.version : null,
    database: {
      name: name?.name ?? "",
      namespace: inventory.namespace,
      encoding: snapshot.encoding,
      server_version: session.serverVersion,
    },
    revision: await currentRevision(session, inventory.namespace),
    schema_fingerprint: await schemaFingerprint(session, inventory),
    tables: rows.tables,
    sequences: await readPositions(session, inventory.sequences),
    materialized_views: inventory.views.map((view) => ({
      schema: view.schema,
      name: view.name,
      populated: view.populated,
    })),
    large_objects: { count: rows.largeObjects },
    uploads:
      uploads === null
        ? null
        : { files: uploads.files, folders: uploads.folders, bytes: uploads.bytes },
    sizes: {
      database: databaseBytes,
      uploads: uploads?.bytes ?? 0,
      total: databaseBytes + (uploads?.bytes ?? 0),
    },
    members: rows.members.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
    patched_headers: patched,
    left_out: [...inventory.leftOut, ...(uploads?.leftOut ?? [])],
    warnings: (uploads?.changed ?? []).map((path) => `${path} changed while it was read`),
  };
}

/** No restore would take it: better said now. */
function tooMuchMetadata(bytes: number): SuperviseError {
  return new SuperviseError("CONFIG_INVALID", {
    what: `the schema is too large for a backup: its description takes ${formatSize(bytes)} of at most ${formatSize(LARGEST_METADATA)}`,
    where: "[database] namespace",
    remedy: "back this database up with pg_dump alone",
  });
}

/** The output, with a check for the signal before each write: there is one every mebibyte. */
function interruptible(output: Output, signal: AbortSignal): Output {
  return {
    ...output,
    write: (bytes) => {
      signal.throwIfAborted();
      return output.write(bytes);
    },
  };
}

async function write(job: Job, output: Output, time: Date): Promise<CreateResult> {
  const writer = createArchiveWriter(interruptible(output, job.request.signal));
  try {
    return await writeTo(writer, job, output, time);
  } finally {
    await writer.close();
  }
}

async function writeTo(
  writer: ArchiveWriter,
  job: Job,
  output: Output,
  time: Date,
): Promise<CreateResult> {
  const { request, snapshot, folder, isArchive } = job;
  const { progress, signal } = request;
  // Whole seconds fit the plain header that the members of ours are found by.
  const mtimeNs = BigInt(Math.floor(time.getTime() / 1_000)) * 1_000_000_000n;
  const share = job.engine.name === "pg_dump" ? PACKED_SHARE : 1;
  progress.phase("database", Math.round(tableBytes(snapshot) * share));
  const rows = await saveRows({
    url: job.database.url,
    session: job.database.session,
    snapshot,
    engine: job.engine,
    writer,
    mtimeNs,
    signal,
    progress,
  });
  let uploads: SavedUploads | null = null;
  if (job.uploads !== null) {
    progress.phase("uploads", job.uploads.bytes);
    uploads = await saveUploads(writer, folder, isArchive, (bytes) => progress.add(bytes));
  }
  const metadata = await describe(job, { time, rows, uploads, patched: writer.patched });
  const encoded = encodeMetadata(metadata);
  if (encoded.length > LARGEST_METADATA) throw tooMuchMetadata(encoded.length);
  await writer.finish(encoded, mtimeNs);
  signal.throwIfAborted();
  return { path: await output.publish(), bytes: output.position(), metadata };
}

/**
 * Writes a backup.
 *
 * @throws OUTPUT_UNWRITABLE (73), INTERRUPTED (130) when `signal` aborts, PRIVILEGE_MISSING (78) when
 *   not all rows can be read, DATABASE_LOST (69), LOCK_TIMEOUT (75)
 */
export async function createBackup(request: CreateRequest): Promise<CreateResult> {
  const { config, log, signal, dataOnly } = request;
  const settle = async ({ url, session }: OpenDatabase): Promise<void> => {
    if (!dataOnly) await settleUploads({ config, log, url, session, signal }, false);
  };
  try {
    return await withJob(request, settle, async (job) => {
      const time = request.now();
      if (request.output === null) await makeFolder(resolve(config.root, config.backup.dir));
      if (typeof request.output !== "object" || request.output === null) {
        await requireSpace(
          typeof request.output === "string" ? request.output : defaultPath(config, time),
          { tables: tableBytes(job.snapshot), uploads: job.uploads?.bytes ?? 0 },
        );
      }
      return await openArchiveOutput(request, time, (output) => write(job, output, time));
    });
  } catch (error) {
    if (signal.aborted) throw interrupted();
    throw error;
  }
}
