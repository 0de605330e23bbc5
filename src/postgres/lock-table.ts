/** How many locks a transaction may hold before others feel it. */
import type { Session } from "./session.js";

/**
 * A quarter of the server's lock table, which all sessions share: when it is full, every one of them
 * fails with "out of shared memory". Source: the table has room for max_locks_per_transaction x
 * (max_connections + max_prepared_transactions) locks.
 */
export async function lockBudget(session: Session): Promise<number> {
  const [row] = await session.query<{ locks: number }>(
    `select current_setting('max_locks_per_transaction')::int
       * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)
       as locks`,
  );
  return Math.max(200, Math.floor((row?.locks ?? 0) / 4));
}
