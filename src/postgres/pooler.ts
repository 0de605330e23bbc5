/**
 * Tells a transaction pooler (PgBouncer in transaction mode and its like) from the server. Behind
 * one, each transaction may run in another backend, so an advisory lock is taken on one and given
 * back on another: it protects nothing and stays behind. A pooler in session mode is fine.
 */
import { randomInt } from "node:crypto";
import pg from "pg";
import { SuperviseError } from "../errors.js";
import type { Session } from "./session.js";

/** How often a second client is tried: other traffic may hide the first tries, hardly all. */
const TRIES = 3;

/**
 * Proves that all transactions of `session` run in one backend that is its own, and then gives
 * the session its settings where `openSession` could not.
 *
 * @throws SuperviseError POOLER_DETECTED with the advice to set DATABASE_DIRECT_URL.
 */
export async function refusePooler(session: Session): Promise<void> {
  const proof = (await changesBackend(session))
    ? "two transactions ran in different backends"
    : !session.direct && (await sharesBackend(session))
      ? "two connections were given one backend"
      : (await losesLock(session))
        ? "a lock taken in one transaction was gone in the next"
        : null;
  if (proof !== null) throw detected(proof, session.where);
  if (!session.direct) await session.settle();
}

async function backendOf(session: Session): Promise<number> {
  const [row] = await session.query<{ pid: number }>("select pg_backend_pid() as pid");
  return row?.pid ?? 0;
}

async function changesBackend(session: Session): Promise<boolean> {
  for (let asked = 0; asked < 2; asked += 1) {
    if ((await backendOf(session)) !== session.backendPid) return true;
  }
  return false;
}

/**
 * A pooler without other traffic gives every transaction the same backend, which looks like the
 * server itself. But while one client is inside a transaction, its backend must not be the one
 * that another client believes to be its own.
 */
async function sharesBackend(session: Session): Promise<boolean> {
  const other = await session.another("supervise/pooler check");
  try {
    for (let tried = 0; tried < TRIES; tried += 1) {
      if ((await backendOf(session)) !== session.backendPid) return true;
      await other.query("begin");
      const shared = (await backendOf(other)) === session.backendPid;
      await other.query("rollback");
      if (shared) return true;
    }
    return false;
  } catch (error) {
    // A pooler that shares connections by statement refuses BEGIN.
    if (error instanceof pg.DatabaseError) return true;
    throw error;
  } finally {
    await other.end();
  }
}

/** With a key of its own, so that nobody waits for the question. */
async function losesLock(session: Session): Promise<boolean> {
  const key = randomInt(2 ** 47);
  const [taken] = await session.query<{ ok: boolean }>(
    "select pg_try_advisory_lock($1::bigint) as ok",
    [key],
  );
  const [seen] = await session.query<{ ok: boolean }>(
    `select exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
       and classid::bigint = ($1::bigint >> 32) and objid::bigint = ($1::bigint & 4294967295)) as ok`,
    [key],
  );
  const [freed] = await session.query<{ ok: boolean }>(
    "select pg_advisory_unlock($1::bigint) as ok",
    [key],
  );
  return taken?.ok !== true || seen?.ok !== true || freed?.ok !== true;
}

function detected(proof: string, where: string): SuperviseError {
  return new SuperviseError("POOLER_DETECTED", {
    what: `the database is reached through a transaction pooler: ${proof}, so a migration lock would not hold`,
    where,
    remedy:
      "set DATABASE_DIRECT_URL (or [database] direct_url) to the server itself; DATABASE_URL may stay for the workers",
  });
}
