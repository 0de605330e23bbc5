/** This supervisor's place in the fleet: what its row says, and on which session. */
import { hostname } from "node:os";
import { productVersion } from "../config/version.js";
import { describe, type Instance } from "../fleet/instance.js";
import { createPresence, type Presence } from "../fleet/presence.js";
import { overall } from "../lifecycle/state.js";
import type { Logger } from "../log/logger.js";
import { ensureState } from "../migration/state.js";
import type { Known } from "./known.js";
import type { OwnSession } from "./own-session.js";
import type { Supervisor } from "./supervisor.js";

/** @param supervisor null until there is one; nothing is said before */
export function createFleetPresence(
  own: OwnSession,
  known: Known,
  supervisor: () => Supervisor | null,
  log: Logger,
): Presence {
  return createPresence({
    describe: () => describeSupervisor(supervisor(), known),
    onSession: async (work) => {
      const running = supervisor();
      if (running !== null) await own.apart(running.release().config, work);
    },
    ensure: async (session) => {
      // --no-migrate is a word about DDL of every kind.
      if (supervisor()?.release().config.migrate.onStart === true) await ensureState(session);
    },
    log,
  });
}

function describeSupervisor(supervisor: Supervisor | null, known: Known): Instance {
  if (supervisor === null) throw new Error("the fleet hears of supervisors that run only");
  const { loop, release } = supervisor;
  return {
    id: known.instance,
    ...describe(release().config),
    host: hostname(),
    pid: process.pid,
    version: productVersion(),
    workers: loop.state().slots.length,
    state: overall(loop.state()),
    startedAt: known.startedAt,
  };
}
