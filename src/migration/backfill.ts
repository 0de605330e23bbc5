/** Fills a new column's old rows batch by batch, each in a short transaction of its own. */
import type { Session } from "../postgres/session.js";
import { id, qualified } from "../schema/names.js";
import type { Step } from "../schema/steps.js";
import type { ExecuteOptions } from "./execute-options.js";
import { markBackfill } from "./record.js";
import { findBlockers } from "./blockers.js";
import { withRetries } from "./retry.js";
import { begin } from "./transaction.js";

/** Pages of 8 kB in one batch: some thousand rows, tens of milliseconds. */
const PAGES = 100;

/**
 * Walks over the table at most this often. One walk fills what stands still; a row that someone
 * updates before its turn moves, unfilled, to a page that the walk has passed or never reaches. In
 * a column that may be null the walks have to end although the application writes nulls of its own.
 */
const WALKS = 5;

/** Rows that come while it works take the default by themselves. It may be run again: filled rows are left. */
export async function runBatches(
  session: Session,
  step: Step,
  options: ExecuteOptions,
): Promise<void> {
  const { backfill } = step;
  if (backfill === null) return;
  for (let walk = 1; walk <= WALKS; walk += 1) {
    if ((await fillOnce(session, step, options)) === 0) break;
  }
  await inBatch(session, step, options, () => markBackfill(session, options.recordId, backfill));
}

/** Rows that it filled. */
async function fillOnce(session: Session, step: Step, options: ExecuteOptions): Promise<number> {
  const { table = "", column = "" } = step.backfill?.of ?? {};
  const name = qualified(options.namespace, table);
  const [size] = await session.query<{ pages: string }>(
    `select (pg_relation_size($1::regclass) / current_setting('block_size')::int)::text as pages`,
    [name],
  );
  let filled = 0;
  for (let page = 0; page < Number(size?.pages ?? 0); page += PAGES) {
    filled += await inBatch(session, step, options, async () => {
      const [row] = await session.query<{ rows: number }>(
        `with filled as (update ${name} set ${id(column)} = default
           where ${pageRange(session, page)} and ${id(column)} is null returning 1)
         select count(*)::int as rows from filled`,
      );
      return row?.rows ?? 0;
    });
  }
  return filled;
}

/** One transaction under the step's timeouts, tried again while others are in the way. */
function inBatch<T>(
  session: Session,
  step: Step,
  options: ExecuteOptions,
  work: () => Promise<T>,
): Promise<T> {
  const retries = {
    log: options.log,
    signal: options.signal,
    limitMs: options.retryMs,
    what: `filling ${step.table ?? ""}.${step.object}`,
    blockers: () => findBlockers(session, step.sql),
  };
  return withRetries(session, retries, async () => {
    try {
      await session.query(begin(options.namespace, step.timeouts));
      const result = await work();
      await session.query("commit");
      return result;
    } catch (error) {
      if (!session.lost.aborted) await session.query("rollback");
      throw error;
    }
  });
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
