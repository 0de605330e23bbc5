/** Supervisors of this project that serve right now, here or on another machine. */
import type { Config } from "../config/config.js";
import type { Session } from "../postgres/session.js";

/** A supervisor that has not given a sign for this long is taken for dead. */
const ALIVE_S = 60;

/**
 * For people: `pid 4711 here`, `web-2 pid 17`.
 *
 * @param local process ids of the supervisors on this machine
 */
export async function findServing(
  config: Config,
  session: Session,
  local: readonly number[],
): Promise<string[]> {
  const here = local.map((pid) => `pid ${pid} here`);
  const [known] = await session.query<{ there: boolean }>(
    "select pg_catalog.to_regclass('dazzle.instance') is not null as there",
  );
  if (known?.there !== true) return here;
  const rows = await session.query<{ host: string; pid: number }>(
    `select host, pid from dazzle.instance
      where project = $1 and namespace = $2
        and heartbeat_at > now() - pg_catalog.make_interval(secs => $3)
      order by host, pid`,
    [config.project.name, config.database.namespace, ALIVE_S],
  );
  const elsewhere = rows
    .map(({ host, pid }) => `${host} pid ${pid}`)
    .filter((name) => !local.some((pid) => name.endsWith(` pid ${pid}`)));
  return [...here, ...elsewhere];
}
