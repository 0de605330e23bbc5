/** The connection was lost while a statement ran: which one it was belongs to the message. */
import { SuperviseError } from "../errors.js";
import type { Session } from "../postgres/session.js";

/**
 * Null while the session is there.
 *
 * @param during the statement, as a message says where: `statement 3 of 12: CREATE INDEX ...`
 */
export function lossDuring({ lost }: Session, during: string): unknown {
  if (!lost.aborted) return null;
  const reason: unknown = lost.reason;
  if (!(reason instanceof SuperviseError)) return reason;
  const { where } = reason.parts;
  return new SuperviseError(reason.code, {
    ...reason.parts,
    where: where === undefined ? during : `${where}, ${during}`,
  });
}
