/** The session that a migration command works on, and the lock around what it does. */
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import type { Logger } from "../log/logger.js";
import { connectWithBackoff } from "../postgres/connect.js";
import { acquireLock } from "../postgres/lock.js";
import { refusePooler } from "../postgres/pooler.js";
import type { Session } from "../postgres/session.js";
import { namingGrants } from "./privileges.js";

/**
 * Runs `work` with a dedicated session, on the direct URL where there is one, else in development
 * on the embedded server, which is started for the time where it does not run.
 *
 * @throws SuperviseError DATABASE_MISSING, DATABASE_UNREACHABLE, POOLER_DETECTED; PRIVILEGE_MISSING with
 *   what to grant.
 */
export async function withSession<T>(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const server = await serverFor(config, log);
  try {
    const session = await connectWithBackoff(server.url, {
      applicationName: `${config.project.name}/migrate`,
      log,
      signal,
    });
    try {
      await refusePooler(session);
      return await namingGrants(session, config.database.namespace, () => work(session));
    } finally {
      await session.end();
    }
  } finally {
    await server.stop();
  }
}

async function serverFor(
  config: Config,
  log: Logger,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const url = config.database.directUrl ?? config.database.url;
  if (url !== null) return { url, stop: () => Promise.resolve() };
  if (!config.features.embeddedPostgres) {
    throw new SuperviseError("DATABASE_MISSING", {
      what: `no database is configured and ${config.env} starts none of its own`,
      where: "DATABASE_URL",
      remedy: "set DATABASE_URL or [database] url",
    });
  }
  const { startEmbedded } = await import("../postgres/embedded.js");
  return startEmbedded({ root: config.root, log });
}

/** Runs `work` while holding the migration lock of the namespace. */
export async function withLock<T>(
  session: Session,
  config: Config,
  log: Logger,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await acquireLock(session, {
    project: config.project.name,
    namespace: config.database.namespace,
    waitMs: config.migrate.lockWaitMs,
    log,
    signal,
  });
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // The lock ends with the session in any case; the first failure is the one that counts.
    if (!session.lost.aborted) await lock.release().catch(() => log.debug("the lock was gone"));
    throw error;
  }
  await lock.release();
  return result;
}
