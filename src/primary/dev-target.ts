/** What the development page can do with this supervisor. */
import type { DevTarget } from "../control/dev/target.js";
import type { RevisionView } from "../control/dev/wire.js";
import type { LogFeed } from "../control/dev/log-feed.js";
import type { Setting } from "../config/load.js";
import type { Config } from "../config/config.js";
import { wanted } from "../lifecycle/state.js";
import type { Logger } from "../log/logger.js";
import { readHistory, type HistoryEntry } from "../migration/commands.js";
import { applyMigration, planMigration } from "../migration/migrate.js";
import { writtenOf } from "../migration/revisions/history.js";
import { acquireLock } from "../postgres/lock.js";
import { openSession, type Session } from "../postgres/session.js";
import type { Supervisor } from "./supervisor.js";

export interface DevTargetInput {
  /** Null while it starts. */
  readonly supervisor: () => Supervisor | null;
  /** The one that applies now. */
  readonly config: () => Config;
  readonly feed: LogFeed;
  /** As last read. */
  readonly settings: () => readonly Setting[];
  readonly log: Logger;
}

const NO_WAITS = { p50: 0, p95: 0, p99: 0, max: 0 };

/** A session for one answer, so that the page never waits for the supervisor's own. */
async function withSession<T>(config: Config, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(config.database.directUrl ?? config.database.url ?? "", {
    applicationName: `${config.project.name}/page`,
  });
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

const viewOf = ({ version, name, state, appliedAt, revision }: HistoryEntry): RevisionView => ({
  version,
  name,
  state,
  applied_at: appliedAt,
  up: revision?.up.sql.trim() ?? null,
  down: revision?.down?.sql.trim() ?? null,
  empty: revision !== null && writtenOf([revision]).length === 0,
});

export function createDevTarget(input: DevTargetInput): DevTarget {
  const { config, feed, settings, log } = input;
  return {
    project: config().project.name,
    feed,
    settings,
    waits: () => input.supervisor()?.pools.aggregate.latestWaits() ?? NO_WAITS,
    plan: () => withSession(config(), (session) => planMigration(session, config())),
    revisions: () =>
      withSession(config(), async (session) =>
        (await readHistory(session, { config: config() })).map(viewOf),
      ),
    migrate: () =>
      withSession(config(), async (session) => {
        const { project, database, migrate } = config();
        const lock = await acquireLock(session, {
          project: project.name,
          namespace: database.namespace,
          waitMs: migrate.lockWaitMs,
          log,
        });
        try {
          const { applied } = await applyMigration(session, config(), log);
          return { applied: applied.length };
        } finally {
          await lock.release();
        }
      }),
    restart: (slot) => {
      const supervisor = input.supervisor();
      if (supervisor === null) return false;
      const worker = wanted(supervisor.loop.state(), slot).find(({ state }) => state === "ready");
      if (worker === undefined) return false;
      supervisor.loop.dispatch({ type: "worker.asked", key: worker.key, signal: "page" });
      return true;
    },
  };
}
