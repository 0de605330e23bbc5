/** `backup verify --deep`: restores the rows into a scratch database and counts them there. */
import type { Config } from "../config/config.js";
import type { Logger } from "../log/logger.js";
import { withArchive, type ArchiveInfo } from "./archive/archive-reader.js";
import { scanArchive } from "./archive/scan.js";
import { openDatabase } from "./database/connect.js";
import { readInventory } from "./database/inventory.js";
import { countRows } from "./database/snapshot.js";
import { restoreFailure } from "./load/failure.js";
import { restoredTables, runLoad } from "./load/transaction.js";
import type { Session } from "../postgres/session.js";
import type { Progress } from "./progress.js";
import { invalidArchive } from "./refusals.js";
import { refuseSchema } from "./restore-plan.js";
import { withScratchDatabase } from "./scratch-database.js";
import { verifyArchive } from "./verify.js";

export interface DeepVerifyRequest {
  readonly config: Config;
  readonly log: Logger;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

async function load(request: DeepVerifyRequest, session: Session): Promise<void> {
  const { path, signal, progress } = request;
  await withArchive(path, async (file, info) => {
    progress.phase("restore", info.metadata.sizes.database);
    await runLoad(
      {
        session,
        signal,
        metadata: info.metadata,
        judge: (inventory) => {
          refuseSchema(info, inventory);
          return Promise.resolve();
        },
        feed: (loader) =>
          scanArchive(file, info, {
            database: (entry, content) => loader.member(entry, content),
            databaseOnly: true,
            progress: (bytes) => {
              signal.throwIfAborted();
              progress.add(bytes);
            },
          }),
        done: () => undefined,
        beforeCommit: () => Promise.resolve(),
      },
      () => Promise.resolve("rolled back"),
    );
  });
}

/** The rows as the scratch database has them now, held against what the backup says. */
async function count(session: Session, { path, metadata }: ArchiveInfo): Promise<void> {
  const inventory = await readInventory(session, metadata.database.namespace);
  const tables = restoredTables(metadata, inventory);
  const counts = await countRows(session, tables);
  const direct = new Map(
    tables
      .filter((table) => table.root === null)
      .map((table) => [`${table.schema}.${table.name}`, counts.get(table.oid) ?? 0]),
  );
  for (const { schema, name, rows } of metadata.tables) {
    const found = direct.get(`${schema}.${name}`) ?? rows;
    if (found !== rows) {
      throw invalidArchive(path, `${schema}.${name} came back with ${found} rows, not ${rows}`);
    }
  }
}

/**
 * Checksums first, then a restore beside the project's database, which is only read.
 *
 * @throws ARCHIVE_INVALID and RESTORE_REFUSED (65), PRIVILEGE_MISSING (78) without CREATEDB
 */
export async function verifyDeep(request: DeepVerifyRequest): Promise<ArchiveInfo> {
  const { config, log, path, progress, signal } = request;
  const info = await verifyArchive(path, progress, signal);
  const database = await openDatabase(config, log, "verify");
  try {
    await withScratchDatabase(database, async (session) => {
      try {
        await load(request, session);
        await count(session, info);
      } catch (error) {
        throw restoreFailure(error, path, session);
      }
    });
  } finally {
    await database.close();
  }
  return info;
}
