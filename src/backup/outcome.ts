/** Whether a transaction whose commit was not answered did commit. */
import { setTimeout as sleep } from "node:timers/promises";
import { openSession } from "../postgres/session.js";
import type { CommitOutcome } from "./load/transaction.js";

const TRIES = 50;
const PAUSE_MS = 200;

/**
 * Asks the server in a new connection, until it knows.
 *
 * @param xid as `pg_current_xact_id` gave it
 */
export async function commitOutcome(url: string, xid: string): Promise<CommitOutcome> {
  let failure: Error | null = null;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    try {
      const status = await ask(url, xid);
      if (status === "committed") return "committed";
      if (status === "aborted") return "rolled back";
      if (status === null) return "unknown";
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    await sleep(PAUSE_MS);
  }
  if (failure !== null) throw failure;
  return "unknown";
}

async function ask(url: string, xid: string): Promise<string | null> {
  const session = await openSession(url, { applicationName: "supervise/restore" });
  try {
    const [row] = await session.query<{ status: string | null }>(
      "select pg_catalog.pg_xact_status($1::xid8) as status",
      [xid],
    );
    return row?.status ?? null;
  } finally {
    await session.end();
  }
}
