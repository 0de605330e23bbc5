/** Whether a transaction whose commit was not answered did commit. */
import { setTimeout as sleep } from "node:timers/promises";
import { openSession, type Session } from "../postgres/session.js";
import type { CommitOutcome } from "./load/transaction.js";
import { codeOf } from "./node-error.js";

export interface Transaction {
  /** As `pg_current_xact_id` gave it. */
  readonly xid: string;
  /** The system identifier of the servers that know it; null where the role may not read it. */
  readonly cluster: string | null;
}

const PATIENCE_MS = 10_000;
const PAUSE_MS = 200;
/**
 * A transaction that is still under way after this long waits for something. Nobody is left who would
 * hear its answer, and its locks keep everybody out.
 */
const LET_IT_END_MS = 1_000;

/**
 * Asks the server in a new connection, until it knows. Ends the transaction where it is still under
 * way: what it had not made durable by then is rolled back, whatever it had is committed.
 *
 * @param patienceMs how long it is asked, or the server waited for
 */
export async function commitOutcome(
  url: string,
  transaction: Transaction,
  patienceMs = PATIENCE_MS,
): Promise<CommitOutcome> {
  const started = performance.now();
  for (;;) {
    const waited = performance.now() - started;
    try {
      const status = await ask(url, transaction, waited > LET_IT_END_MS);
      if (status !== "in progress") return status;
      if (waited > patienceMs) return "unknown";
    } catch (error) {
      if (waited > patienceMs) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

async function ask(
  url: string,
  transaction: Transaction,
  endIt: boolean,
): Promise<CommitOutcome | "in progress"> {
  const session = await openSession(url, { applicationName: "supervise/restore" });
  try {
    return await statusOf(session, transaction, endIt);
  } finally {
    await session.end();
  }
}

const STATUS: Readonly<Record<string, CommitOutcome | "in progress">> = {
  committed: "committed",
  aborted: "rolled back",
  "in progress": "in progress",
};

/** SQLSTATE of an id that the server has not come to yet: it is of another server. */
const IN_THE_FUTURE = "22023";

async function statusOf(
  session: Session,
  { xid, cluster }: Transaction,
  endIt: boolean,
): Promise<CommitOutcome | "in progress"> {
  if (cluster !== null && (await clusterOf(session)) !== cluster) return "unknown";
  try {
    const [row] = await session.query<{ status: string | null }>(
      "select pg_catalog.pg_xact_status($1::xid8) as status",
      [xid],
    );
    const status = STATUS[row?.status ?? ""] ?? "unknown";
    if (status === "in progress" && endIt) await end(session, xid);
    return status;
  } catch (error) {
    if (codeOf(error) === IN_THE_FUTURE) return "unknown";
    throw error;
  }
}

async function end(session: Session, xid: string): Promise<void> {
  await session.query(
    `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
      where backend_xid = ($1::xid8)::xid`,
    [xid],
  );
}

/** What tells this server, and its standbys, from every other; null where the role may not read it. */
export async function clusterOf(session: Session): Promise<string | null> {
  try {
    const [row] = await session.query<{ id: string }>(
      "select system_identifier::text as id from pg_catalog.pg_control_system()",
    );
    return row?.id ?? null;
  } catch (error) {
    if (codeOf(error) === "42501") return null;
    throw error;
  }
}
