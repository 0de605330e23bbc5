/**
 * Fresh statistics, within the transaction: the check of the foreign keys that follows is planned with
 * them, and so is the first query behind the commit.
 */
import { quoteQualified } from "../../postgres/quote.js";
import type { Session } from "../../postgres/session.js";
import type { TableName } from "../database/inventory.js";

/** A partitioned table stands for its partitions: only this way it gets statistics of its own. */
const WITH_ROOTS = `
  select distinct n.nspname as schema, c.relname as name
  from unnest($1::pg_catalog.oid[]) as t (oid)
  join pg_catalog.pg_class c on c.oid = coalesce(pg_catalog.pg_partition_root(t.oid), t.oid)
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  order by 1, 2`;

/** Why it failed; null when it did not. The restore does not depend on it. */
async function analyzeOne(session: Session, { schema, name }: TableName): Promise<string | null> {
  const quoted = quoteQualified(schema, name);
  await session.query("savepoint statistics");
  try {
    await session.query(`analyze ${quoted}`);
    await session.query("release savepoint statistics");
    return null;
  } catch (error) {
    if (session.lost.aborted) throw error;
    await session.query("rollback to savepoint statistics");
    return `statistics of ${schema}.${name} were not refreshed: ${String(error)}; run ANALYZE`;
  }
}

/** @param stopped throws when it is to end. Returns what went wrong, for people. */
export async function analyzeTables(
  session: Session,
  relations: readonly { readonly oid: string }[],
  stopped: () => void,
): Promise<string[]> {
  const names = await session.query<TableName & Record<string, unknown>>(WITH_ROOTS, [
    relations.map(({ oid }) => oid),
  ]);
  const problems: string[] = [];
  for (const name of names) {
    stopped();
    const problem = await analyzeOne(session, name);
    if (problem !== null) problems.push(problem);
  }
  return problems;
}
