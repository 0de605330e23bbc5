/** What becomes of a connection that is given back: the next caller's, cleaned up first, or closed. */
import { sqlstateOf } from "../../postgres/sqlstate.js";
import type { PooledClient } from "./shapes.js";
import { isClean } from "./transaction.js";

export type Verdict = "keep" | "clean" | "close";

export function judgeReturn(client: PooledClient, why: Error | boolean | undefined): Verdict {
  if (isOver(client) || (why && isFatal(why))) return "close";
  return isClean(client) ? "keep" : "clean";
}

/** Ended by either side: there is no query under way any more that could be waited for. */
const isOver = ({ _queryable, _ending }: PooledClient): boolean =>
  _queryable === false || _ending === true;

/** Connection exceptions, shutdown, and a server that has become a standby. */
const CLOSING = /^(?:08|57P|25006)/;

/**
 * pg-pool closes a connection after any failed `pool.query`. A statement that the server refused
 * leaves its connection as good as before: only other errors, and `true`, close it.
 */
function isFatal(why: Error | true): boolean {
  if (why === true) return true;
  const sqlstate = sqlstateOf(why);
  const refused = "severity" in why && why.severity === "ERROR";
  return !refused || sqlstate === null || CLOSING.test(sqlstate);
}
