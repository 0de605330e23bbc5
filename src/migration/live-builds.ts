/**
 * Indexes that another session is building right now. To the catalog they look like those that an
 * interrupted build left behind; they are waited for, never dropped.
 */
import { SuperviseError } from "../errors.js";
import type { Session } from "../postgres/session.js";
import { withRetries, type RetryOptions } from "./retry.js";
import type { Blocker } from "./blockers.js";

/**
 * The builder holds SHARE UPDATE EXCLUSIVE on the table for as long as it works. Its statistics are
 * visible to everyone but for the names, the locks to everyone.
 */
const BUILDERS = `
  select distinct a.pid, a.application_name as application, a.state,
    extract(epoch from now() - a.query_start)::int as open_s
  from pg_stat_progress_create_index p
  join pg_locks l on l.pid = p.pid and l.locktype = 'relation' and l.granted
    and l.mode = 'ShareUpdateExclusiveLock'
  join pg_index i on i.indrelid = l.relation and not i.indisvalid
  join pg_class c on c.oid = i.indexrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_stat_activity a on a.pid = p.pid
  where n.nspname = $1 and p.pid <> pg_backend_pid()`;

export const findBuilders = (session: Session, namespace: string): Promise<Blocker[]> =>
  session.query<Blocker & { pid: number }>(BUILDERS, [namespace]);

/** Raised for withRetries alone: what it knows how to wait for is told by the server's codes. */
class StillBuilding extends Error {
  readonly code = "55P03";
}

/** @throws SuperviseError MIGRATION_FAILED when the build takes longer than `limitMs`. */
export async function waitForBuilds(
  session: Session,
  namespace: string,
  options: Pick<RetryOptions, "log" | "signal" | "limitMs">,
): Promise<void> {
  const look = () => findBuilders(session, namespace);
  try {
    await withRetries(
      session,
      { ...options, what: "planning beside an index build", blockers: look },
      async () => {
        const builders = await look();
        if (builders.length > 0) throw new StillBuilding("an index is being built");
      },
    );
  } catch (error) {
    if (!(error instanceof StillBuilding)) throw error;
    const [builder] = await look();
    throw new SuperviseError("MIGRATION_FAILED", {
      what: `pid ${builder?.pid ?? "?"} (${builder?.application ?? "unnamed"}) is building an index`,
      remedy: "run it again when the build is done, or cancel it",
      cause: error,
    });
  }
}
