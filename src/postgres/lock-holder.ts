/** Who holds an advisory lock, as far as the server tells this role. */
import { formatDuration } from "../util/units.js";
import type { Session } from "./session.js";

export interface Holder {
  /** The server process of the holding session. */
  readonly pid: number;
  /** Null when it set none. */
  readonly application_name: string | null;
  /** `local` for a unix socket; null when this role may not see it. */
  readonly client: string | null;
  /** Milliseconds since that session connected; null when this role may not see it. */
  readonly connected_ms: number | null;
}

// A bigint key is stored as its two halves: classid the high one, objid the low one, objsubid 1.
// pg_stat_activity hides address and start of other roles' sessions unless one is a member of
// pg_read_all_stats; pid and application_name are for everyone.
const HOLDER = `
  select l.pid, nullif(a.application_name, '') as application_name,
    case when a.backend_start is null then null
      else coalesce(nullif(a.client_hostname, ''), host(a.client_addr), 'local') end as client,
    (extract(epoch from clock_timestamp() - a.backend_start) * 1000)::float8 as connected_ms
  from pg_locks l left join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid::bigint = (($1::bigint >> 32) & 4294967295)
    and l.objid::bigint = ($1::bigint & 4294967295)
  limit 1`;

/** Null when nobody holds it by now. */
export async function findHolder(session: Session, key: string): Promise<Holder | null> {
  const [row] = await session.query<{ [K in keyof Holder]: Holder[K] }>(HOLDER, [key]);
  if (row === undefined) return null;
  const { connected_ms: connected } = row;
  return { ...row, connected_ms: connected === null ? null : Math.round(connected) };
}

/** `pid 4711 (tasks/supervisor) on 10.0.0.3, connected for 12s` */
export function describeHolder(holder: Holder | null): string {
  if (holder === null) return "a session that has just let it go";
  const { pid, application_name: name, client, connected_ms: connected } = holder;
  const where = client === null ? "" : client === "local" ? " on this host" : ` on ${client}`;
  const since = connected === null ? "" : `, connected for ${formatDuration(connected)}`;
  return `pid ${pid} (${name ?? "no application name"})${where}${since}`;
}
