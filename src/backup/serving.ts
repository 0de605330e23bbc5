/** Supervisors of this project that serve right now, here or on another machine. */
import type { Config } from "../config/config.js";
import { findSupervisors } from "../control/client.js";
import type { Session } from "../postgres/session.js";

/** A supervisor that has not given a sign for this long is taken for dead. */
const ALIVE_S = 60;

/** For people: `pid 4711 here`, `web-2 pid 17`. */
export async function findServing(config: Config, session: Session): Promise<string[]> {
  const here = (await findSupervisors(config.root)).map(({ pid }) => `pid ${pid} here`);
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
    .filter((name) => !here.some((own) => name.endsWith(own.replace(/ here$/, ""))));
  return [...here, ...elsewhere];
}
