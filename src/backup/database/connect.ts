/** The database that a backup command works on: the configured one, or in development the embedded. */
import type { Config } from "../../config/config.js";
import { SuperviseError } from "../../errors.js";
import type { Logger } from "../../log/logger.js";
import { startEmbedded } from "../../postgres/embedded.js";
import { hasData } from "../../postgres/embedded/place.js";
import { refusePooler } from "../../postgres/pooler.js";
import { openSession, type Session } from "../../postgres/session.js";

export interface OpenDatabase {
  readonly url: string;
  readonly session: Session;
  /** Ends the session, and the embedded server where this command started it. */
  close(): Promise<void>;
}

async function serverFor(
  config: Config,
  log: Logger,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const url = config.database.directUrl ?? config.database.url;
  if (url !== null) return { url, stop: () => Promise.resolve() };
  // A new development database is empty: a job that lost its DATABASE_URL would back up nothing, call
  // that a success and have good backups pruned for it.
  if (!config.features.embeddedPostgres || !(await hasData(config.root))) {
    throw new SuperviseError("DATABASE_MISSING", {
      what: "no database is configured",
      where: "DATABASE_URL",
      remedy: "set DATABASE_URL or [database] url",
    });
  }
  return startEmbedded({ root: config.root, log, project: config.project.name });
}

/**
 * @param job shown in `pg_stat_activity`, for example `backup`
 * @throws DATABASE_MISSING, DATABASE_UNREACHABLE, POOLER_DETECTED
 */
export async function openDatabase(
  config: Config,
  log: Logger,
  job: string,
): Promise<OpenDatabase> {
  const server = await serverFor(config, log);
  try {
    const session = await openSession(server.url, {
      applicationName: `${config.project.name}/${job}`,
      log,
    });
    try {
      await refusePooler(session);
    } catch (error) {
      const { lost } = session;
      await session.end();
      throw lost.aborted ? lost.reason : error;
    }
    return {
      url: server.url,
      session,
      async close() {
        await session.end();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
