/**
 * Before anything reads or replaces the uploads: finishes or undoes what a killed restore left, so that
 * they belong to the rows again. The guardian has done so already unless it went down as well, with the
 * machine or the container.
 */
import type { Config } from "../config/config.js";
import type { Logger } from "../log/logger.js";
import { acquireLock } from "../postgres/lock.js";
import type { Session } from "../postgres/session.js";
import { commitOutcome } from "./outcome.js";
import { uploadsFolder } from "./uploads/folder.js";
import { recoverUploads } from "./uploads/recover.js";

export interface SettleRequest {
  readonly config: Config;
  readonly log: Logger;
  readonly url: string;
  /** Takes the lock, where one is needed. */
  readonly session: Session;
  readonly signal?: AbortSignal;
}

/**
 * @param locked the caller holds the migration lock
 * @throws RESTORE_REFUSED (65) when the server does not know which uploads are the right ones,
 *   LOCK_TIMEOUT (75), OUTPUT_UNWRITABLE (73)
 */
export async function settleUploads(request: SettleRequest, locked: boolean): Promise<void> {
  const { config, log, url, session, signal } = request;
  const underLock = async (work: () => Promise<void>): Promise<void> => {
    const lock = await acquireLock(session, {
      project: config.project.name,
      namespace: config.database.namespace,
      waitMs: config.migrate.lockWaitMs,
      log,
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      await work();
    } finally {
      await lock.release();
    }
  };
  await recoverUploads(await uploadsFolder(config), {
    outcome: (transaction) => commitOutcome(url, transaction),
    lock: locked ? "held" : underLock,
  });
}
