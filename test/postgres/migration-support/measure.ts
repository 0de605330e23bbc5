/** What a statement really held and did: seen from inside its transaction, in front of the commit. */
import type { Plan } from "../../../src/migration/plan.js";
import { quoteIdentifier } from "../../../src/postgres/quote.js";
import type { Session } from "../../../src/postgres/session.js";
import { strongest, type LockLevel } from "../../../src/schema/steps.js";

export interface Seen {
  readonly lock: LockLevel;
  readonly rewrites: boolean;
  /** Whether it went through the rows of a table. */
  readonly scans: boolean;
}

/** Reading alone holds up nobody who does not want the strongest. */
const LEVELS: Readonly<Record<string, LockLevel>> = {
  AccessExclusiveLock: "ACCESS EXCLUSIVE",
  ShareRowExclusiveLock: "SHARE ROW EXCLUSIVE",
  ShareLock: "SHARE",
  ShareUpdateExclusiveLock: "SHARE UPDATE EXCLUSIVE",
  RowExclusiveLock: "ROW EXCLUSIVE",
  AccessShareLock: "NONE",
  RowShareLock: "NONE",
};

export interface Before {
  /** Files by table, of those that are there. */
  readonly files: ReadonlyMap<string, string>;
  readonly relations: readonly string[];
  /** By table, as far as the server's books of this session go. */
  readonly scans: ReadonlyMap<string, number>;
}

const SCANS = `select relid::text as oid, seq_scan::int as n
  from pg_stat_xact_user_tables where schemaname = $1`;

async function scansOf(session: Session, namespace: string): Promise<Map<string, number>> {
  const rows = await session.query<{ oid: string; n: number }>(SCANS, [namespace]);
  return new Map(rows.map(({ oid, n }) => [oid, n]));
}

export async function before(session: Session, namespace: string): Promise<Before> {
  const rows = await session.query<{ oid: string; kind: string; file: string | null }>(
    `select oid::text, relkind as kind, pg_relation_filenode(oid)::text as file from pg_class
     where relnamespace = $1::regnamespace`,
    [quoteIdentifier(namespace)],
  );
  return {
    relations: rows.map(({ oid }) => oid),
    files: new Map(
      rows.flatMap(({ oid, kind, file }): [string, string][] =>
        kind === "r" && file !== null ? [[oid, file]] : [],
      ),
    ),
    scans: await scansOf(session, namespace),
  };
}

/** `known`: when the change began; what is newer is in nobody's use. */
export async function seen(
  session: Session,
  namespace: string,
  known: Before,
  now: Before,
): Promise<Seen> {
  // An index that the plan has built by itself is in use at once.
  const locks = await session.query<{ mode: string }>(
    `select distinct mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'
       and (relation::text = any ($1) or relation::text = any ($2) and relation in (
         select indexrelid from pg_index where indrelid::text = any ($1)))`,
    [known.relations, now.relations],
  );
  const files = await session.query<{ oid: string; file: string }>(
    `select oid::text, pg_relation_filenode(oid)::text as file from pg_class
     where relkind = 'r' and oid::text = any ($1)`,
    [known.relations],
  );
  const scans = await scansOf(session, namespace);
  return {
    lock: strongest(locks.map(({ mode }) => level(mode))),
    rewrites: files.some(({ oid, file }) => now.files.has(oid) && now.files.get(oid) !== file),
    scans: [...scans].some(
      ([oid, n]) => known.relations.includes(oid) && n > (now.scans.get(oid) ?? 0),
    ),
  };
}

function level(mode: string): LockLevel {
  const found = LEVELS[mode];
  if (found === undefined) throw new Error(`a lock without a name here: ${mode}`);
  return found;
}

export interface Transaction extends Seen {
  readonly statements: readonly string[];
}

/** The session, with every transaction that changes something written down in `into`. */
export function watched(
  session: Session,
  namespace: string,
  known: Before,
  into: Transaction[],
): Session {
  let open: string[] | null = null;
  let now: Before = known;
  const query: Session["query"] = async (sql, params) => {
    if (sql.startsWith("begin read write")) {
      now = await before(session, namespace);
      open = [];
    } else if (sql === "commit" && open !== null) {
      into.push({ statements: open, ...(await seen(session, namespace, known, now)) });
      open = null;
    } else if (sql === "rollback") open = null;
    else open?.push(sql);
    return session.query(sql, params);
  };
  return { ...session, query };
}

/** What the steps of a plan said of these transactions, and what was seen: to be equal. */
export function compared(
  transactions: readonly Transaction[],
  safe: Plan["safe"],
): readonly { readonly stated: object; readonly seen: object }[] {
  return transactions.flatMap(({ statements, lock, rewrites }) => {
    const steps = safe.filter(({ sql }) => statements.includes(sql));
    if (steps.length === 0) return [];
    const stated = {
      statements,
      lock: strongest(steps.map((step) => step.lock)),
      rewrites: steps.some((step) => step.rewrites),
    };
    return [{ stated, seen: { statements, lock, rewrites } }];
  });
}
