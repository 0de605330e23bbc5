/** Sets sequences to where they were, so that a rollback undoes it. */
import { quoteLiteral, quoteQualified } from "../../postgres/quote.js";
import type { Session } from "../../postgres/session.js";
import type { SequencePosition } from "../database/snapshot.js";

/**
 * `setval` alone survives a ROLLBACK, because it writes in place. `ALTER SEQUENCE ... RESTART` gives the
 * sequence new storage that belongs to the transaction; a `setval` behind it writes there, and so
 * both values are exact, `is_called` included, and undone together.
 */
export async function setSequences(
  session: Session,
  positions: readonly SequencePosition[],
): Promise<void> {
  for (const { schema, name, lastValue, called } of positions) {
    const quoted = quoteQualified(schema, name);
    await session.query(`alter sequence ${quoted} restart`);
    await session.query(
      `select pg_catalog.setval(${quoteLiteral(quoted)}::regclass, $1::bigint, $2)`,
      [lastValue, called],
    );
  }
}
