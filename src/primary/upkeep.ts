/** What is read from the database while workers run: the connection budget and the migrations' state. */
import type { Config } from "../config/config.js";
import { fleetDemand } from "../fleet/instance.js";
import type { Logger } from "../log/logger.js";
import { migrationStatus } from "../migration/status.js";
import { decideBudget, readCapacity } from "../postgres/budget.js";
import type { Session } from "../postgres/session.js";
import type { OwnSession } from "./own-session.js";
import { budgetFields, checkBudget, poolRole } from "./prepare.js";
import type { Supervisor } from "./supervisor.js";
import type { Known } from "./known.js";

const BUDGET_EVERY_MS = 60_000;

export interface Upkeep {
  /** Reads what the start had no need to wait for. */
  begin(): Promise<void>;
  /** @throws SuperviseError BUDGET_EXCEEDED where so many workers would be refused at a start. */
  allow(workers: number): Promise<void>;
  close(): void;
}

export interface UpkeepInput {
  readonly own: OwnSession;
  readonly supervisor: Supervisor;
  readonly known: Known;
  readonly log: Logger;
}

export async function learnMigrations(
  session: Session,
  config: Config,
  known: Known,
): Promise<void> {
  const { current, pending, lastAppliedAt } = await migrationStatus(session, config);
  known.migrations = { current, pending: [...pending], last_applied_at: lastAppliedAt };
}

export function createUpkeep({ own, supervisor, known, log }: UpkeepInput): Upkeep {
  const config = (): Config => supervisor.release().config;

  /** Logged only when the verdict is another one than before. */
  const readBudget = async (): Promise<void> => {
    const session = await own.tryGet(config());
    if (session === null) return;
    const { pool, project } = config();
    const workers = supervisor.loop.state().slots.length;
    const fleet = await fleetDemand(session, known.instance);
    const demand = { workers, poolMax: pool.max, project: project.name, fleet };
    const verdict = decideBudget(await readCapacity(session, poolRole(config())), demand);
    const before = known.budget?.status;
    known.budget = verdict;
    supervisor.pools.aggregate.setLargestMax(verdict.largestPoolMax);
    if (verdict.status === before) return;
    const fields = budgetFields(verdict, workers, pool.max);
    if (verdict.status === "ok") log.event("info", "budget.ok", verdict.message, fields);
    else log.event("warn", "budget.exceeded", verdict.message, fields);
  };
  const timer = setInterval(() => {
    readBudget().catch((error: unknown) => log.debug("the budget could not be read", { error }));
  }, BUDGET_EVERY_MS);

  return {
    begin: async () => {
      try {
        const session = await own.tryGet(config());
        if (session !== null) await learnMigrations(session, config(), known);
      } catch (error) {
        log.debug("the state of the migrations could not be read", { error });
      }
    },
    allow: async (workers) => {
      const session = await own.tryGet(config());
      if (session !== null)
        known.budget = await checkBudget(session, config(), workers, known.instance, log);
    },
    close: () => clearInterval(timer),
  };
}
