/** How many workers: as configured, or `auto` by the CPUs and the connection budget; and whether they fit. */
import type { Config } from "../config/config.js";
import { memoryLimit, usableCpus } from "../config/cpus.js";
import { autoWorkers } from "../config/workers.js";
import type { Logger } from "../log/logger.js";
import { fitWorkers, readCapacity } from "../postgres/budget.js";
import type { Session } from "../postgres/session.js";
import { limitWarnings } from "./machine-limits.js";
import { poolRole } from "./prepare.js";

export async function workerCount(session: Session, config: Config, log: Logger): Promise<number> {
  const { workers } = config.app;
  if (workers !== "auto") return workers;
  const usable = usableCpus();
  const most = fitWorkers(await readCapacity(session, poolRole(config)), Infinity, config.pool.max);
  const auto = autoWorkers(usable, most);
  log.info(`workers = auto: ${auto.reason}`, { workers: auto.workers, cpus: usable.cpus });
  return auto.workers;
}

/** Says where `workers` are more than the machine, or the container, can take. */
export function checkLimits({ supervisor }: Config, workers: number, log: Logger): void {
  const { spare, maxMemoryBytes } = supervisor;
  const demand = { workers, spare, maxMemoryBytes };
  for (const { msg, fields } of limitWarnings(demand, usableCpus(), memoryLimit())) {
    log.warn(msg, fields);
  }
}
