/** Who holds a lock on a table that a statement of ours needs. */
import type { Session } from "../postgres/session.js";
import { lex } from "../schema/lexer.js";

export interface Blocker {
  readonly pid: number;
  readonly application: string;
  readonly state: string | null;
  /** How long its transaction has been open. */
  readonly open_s: number | null;
}

/**
 * Other sessions that hold anything on a table that stands in `sql`; the longest open transaction
 * first. For messages: a column that is called like a table counts as that table.
 */
export async function findBlockers(session: Session, sql: string | undefined): Promise<Blocker[]> {
  const words = lex(sql ?? "").filter(({ kind }) => kind === "word" || kind === "quoted");
  const names = [...new Set(words.map(({ value }) => value))];
  if (names.length === 0) return [];
  return holdersOf(
    session,
    "c.relname = any ($1) and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')",
    names,
  );
}

/** Other sessions that have a table of the namespace to themselves: even looking at it waits for them. */
export function findHolders(session: Session, namespace: string): Promise<Blocker[]> {
  return holdersOf(session, "n.nspname = $1 and l.mode = 'AccessExclusiveLock'", namespace);
}

/** Sessions with a granted lock `l` on a table `c` of schema `n` for which `condition` holds. */
function holdersOf(session: Session, condition: string, parameter: unknown): Promise<Blocker[]> {
  return session.query<Blocker & { pid: number }>(
    `select a.pid, a.application_name as application, a.state,
       extract(epoch from now() - a.xact_start)::int as open_s
     from pg_stat_activity a where a.pid <> pg_backend_pid() and a.pid in (
       select l.pid from pg_locks l join pg_class c on c.oid = l.relation
       join pg_namespace n on n.oid = c.relnamespace
       where l.granted and ${condition}
         and l.database = (select oid from pg_database where datname = current_database()))
     order by open_s desc nulls last limit 5`,
    [parameter],
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
