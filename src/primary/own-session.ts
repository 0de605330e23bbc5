/** The supervisor's own session: one for its whole life, opened anew when it was lost. */
import type { Config } from "../config/config.js";
import type { Logger } from "../log/logger.js";
import { openSession, type Session } from "../postgres/session.js";
import { connect } from "./prepare.js";

export interface OwnSession {
  /** The session that is open, or a new one; waits for a database that is starting. */
  get(config: Config, log: Logger, signal: AbortSignal): Promise<Session>;
  /** The session if one can be had at once, else null. Logs nothing. */
  tryGet(config: Config): Promise<Session | null>;
  close(): Promise<void>;
}

export function createOwnSession(): OwnSession {
  let session: Session | null = null;
  const live = async (): Promise<Session | null> => {
    if (session?.lost.aborted !== true) return session;
    await session.end();
    session = null;
    return null;
  };
  return {
    get: async (config, log, signal) => {
      session = (await live()) ?? (await connect(config, log, signal));
      return session;
    },
    tryGet: async (config) => {
      const open = await live();
      if (open !== null) return open;
      try {
        session = await openSession(config.database.directUrl ?? config.database.url ?? "", {
          applicationName: `${config.project.name}/supervisor`,
        });
        return session;
      } catch {
        // The pools say that the database is lost; this tries again in a minute.
        return null;
      }
    },
    close: async () => {
      await session?.end();
      session = null;
    },
  };
}
