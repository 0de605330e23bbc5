/** How many workers: as configured, or `auto` by the CPUs and the connection budget. */
import type { Config } from "../config/config.js";
import { usableCpus } from "../config/cpus.js";
import type { Logger } from "../log/logger.js";
import { fitWorkers, readCapacity } from "../postgres/budget.js";
import type { Session } from "../postgres/session.js";

export async function workerCount(session: Session, config: Config, log: Logger): Promise<number> {
  const { workers } = config.app;
  if (workers !== "auto") return workers;
  const { cpus, reason } = usableCpus();
  const wanted = Math.max(2, Math.floor(2 * cpus));
  const fitting = fitWorkers(await readCapacity(session), wanted, config.pool.max);
  log.info(
    fitting < wanted
      ? `workers = auto: ${fitting}, because more than that times pool.max ${config.pool.max} does not fit the database's connections`
      : `workers = auto: ${fitting}, twice the ${cpus} CPUs: ${reason}`,
    { workers: fitting, cpus },
  );
  return fitting;
}
