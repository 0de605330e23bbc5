/**
 * `backup restore`. Order: what the archive says of itself, whether it belongs here, whether the
 * database can take it; then the whole archive is read and verified, the uploads unpacked beside the
 * present ones; then lock, one transaction for all rows, swap of the uploads, commit. Up to the
 * commit every failure leaves database and uploads as they were; after it only the old uploads are
 * left to remove.
 */
import type { FileHandle } from "node:fs/promises";
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import type { Logger } from "../log/logger.js";
import { acquireLock, type HeldLock } from "../postgres/lock.js";
import type { Session } from "../postgres/session.js";
import { withArchive, type ArchiveInfo } from "./archive/archive-reader.js";
import { scanArchive } from "./archive/scan.js";
import { cancelOnAbort } from "./database/cancel.js";
import { openDatabase, type OpenDatabase } from "./database/connect.js";
import { readInventory } from "./database/inventory.js";
import { guardStaging, type Guardian } from "./guardian.js";
import { restoreFailure, UNCHANGED } from "./load/failure.js";
import { OutcomeUnknown, runLoad } from "./load/transaction.js";
import { hasCode } from "./node-error.js";
import { clusterOf, commitOutcome } from "./outcome.js";
import type { Progress } from "./progress.js";
import { interrupted } from "./refusals.js";
import {
  judgeTarget,
  refuseOrigin,
  refuseWithoutForce,
  type TargetReport,
} from "./restore-plan.js";
import { findServing } from "./serving.js";
import { settleUploads, type SettleRequest } from "./settle.js";
import { uploadsFolder } from "./uploads/folder.js";
import { refuseAmongUploads } from "./uploads/own-archives.js";
import { compareUploads } from "./uploads/same.js";
import { createStage } from "./uploads/stage.js";
import { openStaging, type Staging } from "./uploads/swap.js";
import { startSync } from "./uploads/sync.js";
import { checkDatabaseMember } from "./verify.js";

/** SQLSTATE of a statement that was cancelled. */
const QUERY_CANCELED = "57014";

export interface RestoreRequest {
  readonly config: Config;
  readonly log: Logger;
  readonly path: string;
  readonly force: boolean;
  /**
   * Asked once everything else has been checked and something would be replaced, or a person is
   * there to ask. Throws or returns false: nothing is changed.
   */
  readonly confirm: (plan: RestorePlan) => Promise<boolean>;
  /** Process ids of this project's supervisors on this machine. */
  readonly serving: () => Promise<readonly number[]>;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** What `--dry-run` shows, and what is asked about. */
export interface RestorePlan {
  readonly info: ArchiveInfo;
  readonly target: string;
  readonly report: TargetReport;
  /** Present uploads that the backup does not hold as they are. */
  readonly uploadsLost: number;
}

export interface RestoreResult {
  readonly info: ArchiveInfo;
  readonly tables: number;
  readonly rows: number;
  /** What could not be tidied up after the commit. */
  readonly warnings: readonly string[];
}

interface Job {
  readonly request: RestoreRequest;
  readonly database: OpenDatabase;
  readonly file: FileHandle;
  readonly info: ArchiveInfo;
}

async function inTransaction<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query("begin read only");
  try {
    return await work();
  } finally {
    if (!session.lost.aborted) await session.query("rollback");
  }
}

/** The first look at the target: everything that can be refused before anything is done. */
async function lookAtTarget({ request, database, info }: Job): Promise<TargetReport> {
  const { session } = database;
  const { config } = request;
  if (info.metadata.uploads !== null) {
    await refuseAmongUploads(request.path, await uploadsFolder(config));
  }
  const report = await inTransaction(session, async () =>
    judgeTarget(session, info, await readInventory(session, config.database.namespace)),
  );
  const serving = await findServing(config, session, await request.serving());
  if (serving.length === 0) return report;
  const clause = `a supervisor of this project is serving (${serving.join(", ")})`;
  return { ...report, needsForce: [...report.needsForce, clause] };
}

/**
 * Reads the whole archive. Unpacks the uploads where there is a staging folder. Returns how many
 * present uploads would be lost.
 */
async function verifyAll({ request, file, info }: Job, staging: Staging | null): Promise<number> {
  const { signal, progress, config } = request;
  const stage = staging === null ? null : createStage(staging.fresh);
  const comparison = compareUploads(await uploadsFolder(config));
  progress.phase("verify", info.metadata.sizes.total);
  await scanArchive(file, info, {
    database: (entry, content) => checkDatabaseMember(info.metadata, entry.path, content),
    ...(stage === null ? {} : { upload: (entry, content) => stage.take(entry, content) }),
    uploaded: (entry, sha256) => comparison.see(entry, sha256),
    progress: (bytes) => {
      signal.throwIfAborted();
      progress.add(bytes);
    },
  });
  await stage?.finish();
  return info.metadata.uploads === null ? 0 : await comparison.lost();
}

function planOf(job: Job, report: TargetReport, uploadsLost: number): RestorePlan {
  const lost =
    uploadsLost === 0
      ? []
      : [
          `${uploadsLost} of the present uploads ${uploadsLost === 1 ? "is" : "are"} not in the backup`,
        ];
  return {
    info: job.info,
    target: job.database.session.where,
    report: { ...report, needsForce: [...report.needsForce, ...lost] },
    uploadsLost,
  };
}

/** Loads the rows and swaps the uploads; both or neither. */
async function load(job: Job, staging: Staging | null): Promise<readonly string[]> {
  const { request, database, file, info } = job;
  const { session, url } = database;
  const { signal, progress, force } = request;
  const cluster = await clusterOf(session);
  const rows = info.metadata.sizes.database;
  progress.phase("restore", rows);
  const sync = staging === null ? null : startSync(staging.fresh);
  const letGo = cancelOnAbort(session, signal);
  try {
    return await runLoad(
      {
        session,
        signal,
        metadata: info.metadata,
        judge: async (inventory) => {
          const report = await judgeTarget(session, info, inventory);
          if (!force) refuseWithoutForce(info, report.needsForce);
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
        beforeCommit: async (xid) => {
          await sync?.done();
          signal.throwIfAborted();
          letGo();
          await staging?.swap({ xid, cluster });
        },
      },
      (xid) => commitOutcome(url, { xid, cluster }),
    );
  } finally {
    letGo();
    await sync?.stop();
  }
}

/** After the commit nothing may fail any more: what is left behind is reported. */
async function tidy(staging: Staging | null): Promise<string[]> {
  try {
    await staging?.remove();
    return [];
  } catch (error) {
    return [`the old uploads could not be removed from ${staging?.folder ?? ""}: ${String(error)}`];
  }
}

/** The lock ends with the session, so that a failure here changes nothing. */
async function releaseQuietly({ request }: Job, lock: HeldLock): Promise<void> {
  try {
    await lock.release();
  } catch (error) {
    request.log.debug(`the migration lock was not released: ${String(error)}`);
  }
}

function toSettle({ request, database }: Job): SettleRequest {
  const { config, log, signal } = request;
  return { config, log, url: database.url, session: database.session, signal };
}

async function restoreLocked(job: Job, staging: Staging | null): Promise<string[]> {
  const { request, database } = job;
  const { config, log, signal } = request;
  const lock = await acquireLock(database.session, {
    project: config.project.name,
    namespace: config.database.namespace,
    waitMs: config.migrate.lockWaitMs,
    log,
    signal,
  });
  try {
    // One that was under way elsewhere has ended by now, one way or the other.
    if (staging !== null) await settleUploads(toSettle(job), true);
    const warnings = await load(job, staging);
    return [...warnings, ...(await tidy(staging))];
  } catch (error) {
    // Before the lock goes: who holds it takes a swap that has begun for one that nobody works on.
    if (!(error instanceof OutcomeUnknown)) await staging?.undo();
    throw error;
  } finally {
    await releaseQuietly(job, lock);
  }
}

async function restoreWith(job: Job, staging: Staging | null): Promise<RestoreResult> {
  const { request, info } = job;
  const report = await lookAtTarget(job);
  if (!request.force) refuseWithoutForce(info, report.needsForce);
  const plan = planOf(job, report, await verifyAll(job, staging));
  if (!request.force) refuseWithoutForce(info, plan.report.needsForce);
  if (!(await request.confirm(plan))) throw interrupted();
  const warnings = await restoreLocked(job, staging);
  const { tables } = info.metadata;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return { info, tables: tables.length, rows, warnings };
}

/** Makes the staging folder for `work`; undoes and removes it when `work` fails. */
async function withStaging<T>(job: Job, work: (staging: Staging | null) => Promise<T>): Promise<T> {
  const folder = await uploadsFolder(job.request.config);
  await settleUploads(toSettle(job), false);
  if (job.info.metadata.uploads === null) return work(null);
  const guardians: Guardian[] = [];
  const staging = await openStaging(folder, (uploads, name) => {
    guardians.push(guardStaging({ uploads, staging: name, url: job.database.url }));
  });
  const letGo = (): void => {
    for (const guardian of guardians) guardian.release();
  };
  try {
    const result = await work(staging);
    letGo();
    return result;
  } catch (error) {
    // While nobody knows whether the rows are in, the uploads stay and the journal with them: it is
    // the guardian's then, and the next command's.
    if (error instanceof OutcomeUnknown) throw error.failure;
    await staging.undo();
    await staging.remove();
    letGo();
    throw withoutHarm(error);
  }
}

/** A disk that is full does not know what it was written to for. */
function withoutHarm(error: unknown): unknown {
  if (!(error instanceof SuperviseError) || error.code !== "OUTPUT_UNWRITABLE") return error;
  if (error.message.includes(UNCHANGED)) return error;
  return new SuperviseError(error.code, {
    ...error.parts,
    what: `${error.parts.what}; ${UNCHANGED}`,
  });
}

async function withJob<T>(request: RestoreRequest, work: (job: Job) => Promise<T>): Promise<T> {
  const { config, log, path, signal } = request;
  try {
    return await withArchive(path, async (file, info) => {
      refuseOrigin(info, config);
      const database = await openDatabase(config, log, "restore");
      try {
        if (signal.aborted) throw interrupted();
        return await work({ request, database, file, info });
      } catch (error) {
        if (signal.aborted && hasCode(error, QUERY_CANCELED)) throw interrupted();
        throw restoreFailure(error, path, database.session);
      } finally {
        await database.close();
      }
    });
  } catch (error) {
    if (signal.aborted && !(error instanceof SuperviseError)) throw interrupted();
    throw error;
  }
}

/** Everything that a restore checks, the archive read whole, and nothing changed. */
export function planRestore(request: RestoreRequest): Promise<RestorePlan> {
  return withJob(request, async (job) => {
    const report = await lookAtTarget(job);
    return planOf(job, report, await verifyAll(job, null));
  });
}

/**
 * Restores a backup.
 *
 * @throws ARCHIVE_INVALID and RESTORE_REFUSED (65), INPUT_NOT_FOUND (66), OUTPUT_UNWRITABLE (73) when a
 *   disk is full, LOCK_TIMEOUT (75), DATABASE_LOST (69), INTERRUPTED (130). Database and uploads are
 *   as before then.
 */
export function restoreBackup(request: RestoreRequest): Promise<RestoreResult> {
  return withJob(request, (job) => withStaging(job, (staging) => restoreWith(job, staging)));
}
