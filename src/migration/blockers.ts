/** Who holds a lock on a table that a statement of ours needs. */
import type { Session } from "../postgres/session.js";

export interface Blocker {
  readonly pid: number;
  readonly application: string;
  readonly state: string | null;
  /** How long its transaction has been open. */
  readonly open_s: number | null;
}

/** Other sessions that hold anything on the table; the longest open transaction first. */
export async function findBlockers(
  session: Session,
  namespace: string,
  table: string | null,
): Promise<Blocker[]> {
  if (table === null) return [];
  return session.query<Blocker & { pid: number }>(
    `select distinct a.pid, a.application_name as application, a.state,
       extract(epoch from now() - a.xact_start)::int as open_s
     from pg_locks l join pg_class c on c.oid = l.relation
     join pg_namespace n on n.oid = c.relnamespace
     join pg_stat_activity a on a.pid = l.pid
     where n.nspname = $1 and c.relname = $2 and l.granted and l.pid <> pg_backend_pid()
       and l.database = (select oid from pg_database where datname = current_database())
     order by open_s desc nulls last limit 5`,
    [namespace, table],
  );
}

export function describeBlockers(blockers: readonly Blocker[]): string {
  if (blockers.length === 0) return "another session that is done by now";
  return blockers
    .map(({ pid, application, state, open_s }) => {
      const since = open_s === null ? "" : `, transaction open for ${open_s}s`;
      return `pid ${pid} (${application || "unnamed"}, ${state ?? "unknown"}${since})`;
    })
    .join(", ");
}
