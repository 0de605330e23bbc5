/** What a connection that could not be opened says of the database. */
import { reason } from "../../postgres/reason.js";
import { sqlstateOf } from "../../postgres/sqlstate.js";
import { countConnectError, setDatabase } from "./meter.js";
import type { Meter } from "./shapes.js";

/** Counts it. With no connection left, an unreachable server is a lost database. */
export function noteFailure(meter: Meter, error: Error): void {
  countConnectError(meter, codeOf(error));
  if (meter.open === 0 && isUnreachable(error)) setDatabase(meter, "lost", reason(error));
}

function codeOf(error: Error): string {
  const code = sqlstateOf(error) ?? ("code" in error ? error.code : null);
  return typeof code === "string" ? code : "unknown";
}

/** An answer with an SQLSTATE comes from a living server, but for one that starts or stops. */
function isUnreachable(error: Error): boolean {
  const sqlstate = sqlstateOf(error);
  return sqlstate === null || sqlstate.startsWith("57P0");
}
