/** Fills a new column's old rows batch by batch, each in a short transaction of its own. */
import type { Session } from "../postgres/session.js";
import { id, qualified } from "../schema/names.js";
import type { Step } from "../schema/steps.js";
import type { ExecuteOptions } from "./execute-options.js";
import { markBackfill } from "./record.js";
import { findBlockers } from "./blockers.js";
import { withRetries } from "./retry.js";

/** Pages of 8 kB in one batch: some thousand rows, tens of milliseconds. */
const PAGES = 100;

/**
 * Walks the pages that the table has now. Rows that come later take the default by themselves, and
 * updated rows that move to new pages are filled already. It may be run again: filled rows are left.
 */
export async function runBatches(
  session: Session,
  step: Step,
  options: ExecuteOptions,
): Promise<void> {
  const { backfill } = step;
  if (backfill === null) return;
  const { table, column } = backfill.of;
  const name = qualified(options.namespace, table);
  const [row] = await session.query<{ pages: string }>(
    `select (pg_relation_size($1::regclass) / current_setting('block_size')::int)::text as pages`,
    [name],
  );
  const pages = Number(row?.pages ?? 0);
  const retries = {
    log: options.log,
    signal: options.signal,
    limitMs: options.retryMs,
    what: `filling ${table}.${column}`,
    blockers: () => findBlockers(session, options.namespace, table),
  };
  for (let page = 0; page <= pages; page += PAGES) {
    const last = page + PAGES > pages;
    await withRetries(session, retries, async () => {
      try {
        await session.query(
          `begin read write; set local lock_timeout = ${step.timeouts.lockMs}; set local statement_timeout = ${step.timeouts.statementMs}; set local idle_in_transaction_session_timeout = 10000; set local search_path = ${id(options.namespace)}, public`,
        );
        await session.query(
          `update ${name} set ${id(column)} = default where ${pageRange(session, page)} and ${id(column)} is null`,
        );
        if (last) await markBackfill(session, options.recordId, backfill);
        await session.query("commit");
      } catch (error) {
        if (!session.lost.aborted) await session.query("rollback");
        throw error;
      }
    });
  }
}

/** Range scans over row addresses exist from PostgreSQL 14 on; before, the addresses are spelled out. */
function pageRange({ serverVersionNum }: Session, page: number): string {
  if (serverVersionNum >= 140000) {
    return `ctid >= '(${page},0)' and ctid < '(${page + PAGES},0)'`;
  }
  // At most 291 rows fit on a page of 8 kB.
  return `ctid = any (array(select format('(%s,%s)', p, r)::tid
    from generate_series(${page}, ${page + PAGES - 1}) p, generate_series(1, 291) r))`;
}
