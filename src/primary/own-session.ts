/** The supervisor's own session: one for its whole life, opened anew when it was lost. */
import type { Config } from "../config/config.js";
import type { Logger } from "../log/logger.js";
import { openSession, type Session } from "../postgres/session.js";
import { connect } from "./prepare.js";

export interface OwnSession {
  /** The session that is open, or a new one; waits for a database that is starting. */
  get(config: Config, log: Logger, signal: AbortSignal): Promise<Session>;
  /** After `get`: the work that it was wanted for is done. */
  giveBack(): void;
  /** The session if one can be had at once, else null. Logs nothing. */
  tryGet(config: Config): Promise<Session | null>;
  /**
   * Runs `work` on the session, or, while that is somebody's who may have a transaction open, on one
   * of its own. Not at all where none can be had.
   */
  apart(config: Config, work: (session: Session) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export function createOwnSession(): OwnSession {
  let session: Session | null = null;
  let lent = false;
  /** What runs on the session apart from whoever has it lent. */
  let beside: Promise<unknown> = Promise.resolve();
  const live = async (): Promise<Session | null> => {
    const last = session;
    if (last?.lost.aborted !== true) return last;
    await last.end();
    if (session === last) session = null;
    return session;
  };
  const open = (config: Config): Promise<Session> =>
    openSession(config.database.directUrl ?? config.database.url ?? "", {
      applicationName: `${config.project.name}/supervisor`,
    });
  const reopen = async (config: Config): Promise<Session | null> => {
    try {
      session = (await live()) ?? (await open(config));
      return session;
    } catch {
      // The pools say that the database is lost; this tries again when it is next wanted.
      return null;
    }
  };
  // Whoever asks while it is being opened waits for the same one.
  let opening: Promise<Session | null> | null = null;
  const tryGet = (config: Config): Promise<Session | null> => {
    // Who has it lent opens it anew; a second one would be nobody's.
    if (lent) return Promise.resolve(session?.lost.aborted === false ? session : null);
    opening ??= reopen(config).finally(() => {
      opening = null;
    });
    return opening;
  };
  return {
    get: async (config, log, signal) => {
      lent = true;
      await opening;
      await beside;
      session = (await live()) ?? (await connect(config, log, signal));
      return session;
    },
    giveBack: () => {
      lent = false;
    },
    tryGet,
    apart: async (config, work) => {
      const shared = lent ? null : await tryGet(config);
      // It may have been lent while it was being opened.
      if (!lent) {
        if (shared === null) return;
        const working = work(shared);
        beside = Promise.allSettled([beside, working]);
        return working;
      }
      const own = await open(config);
      try {
        await work(own);
      } finally {
        await own.end();
      }
    },
    close: async () => {
      await session?.end();
      session = null;
    },
  };
}
