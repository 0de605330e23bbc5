import type { Runtime } from "./runtime.js";

/** What `pg_stat_activity` shows for a worker's connections. */
export const applicationName = ({ config, worker }: Runtime): string =>
  worker.id === 0 ? config.project.name : `${config.project.name}/worker ${worker.id}`;
