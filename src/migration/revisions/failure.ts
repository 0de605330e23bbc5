/** A revision's statement that failed, told so that a person can act on it. */
import pg from "pg";
import { SuperviseError } from "../../errors.js";
import { refusalCode } from "../../postgres/refusal.js";
import type { Session } from "../../postgres/session.js";
import { isRetryable } from "../../postgres/sqlstate.js";
import { lineAt } from "../../schema/position.js";
import type { Revision } from "./file.js";
import type { RevisionStatement } from "./statements.js";

/**
 * @param at the statement's index, past the last one for the end of the transaction
 * @param kept what is left of the revision in the database
 */
export function failure(
  session: Session,
  error: unknown,
  revision: Revision,
  statements: readonly RevisionStatement[],
  at: number,
  kept: string,
): unknown {
  if (session.lost.aborted) return session.lost.reason;
  if (!(error instanceof pg.DatabaseError)) return error;
  const statement = statements[at];
  const inside = error.position === undefined ? 0 : Number(error.position) - 1;
  const last = statements.at(-1)?.line ?? revision.up.line;
  const line = statement === undefined ? last : statement.line + lineAt(statement.sql, inside) - 1;
  const place =
    statement === undefined
      ? "at the end of its transaction"
      : `statement ${at + 1} of ${statements.length}`;
  const more = [error.detail, error.hint].flatMap((text) => text?.replace(/\.$/, "") ?? []);
  const position = error.position === undefined ? "" : ` at character ${error.position}`;
  const code = failureCode(error);
  return new SuperviseError(code, {
    what: `revision ${revision.version}_${revision.name}, ${place}${position}: ${error.message}`,
    where: `${revision.file}:${line}`,
    remedy: [...more, `${REMEDIES[code]}; ${kept}`].join(". "),
    cause: error,
  });
}

const REMEDIES = {
  PRIVILEGE_MISSING: "grant it to the role or connect as the owner, then run it again",
  DATABASE_READ_ONLY:
    "connect to the primary server, or lift default_transaction_read_only for this role and database",
  MIGRATION_BLOCKED: "run it again when the other session is done",
  REVISION_FAILED: "correct it and run it again",
} as const;

/** A file is at fault only where it would fail again in front of the same server. */
function failureCode(error: pg.DatabaseError): keyof typeof REMEDIES {
  const refused = refusalCode(error);
  if (refused === "PRIVILEGE_MISSING" || refused === "DATABASE_READ_ONLY") return refused;
  return isRetryable(error) ? "MIGRATION_BLOCKED" : "REVISION_FAILED";
}
