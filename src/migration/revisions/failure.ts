/** A revision's statement that failed, told so that a person can act on it. */
import pg from "pg";
import { SuperviseError } from "../../errors.js";
import { refusalCode } from "../../postgres/refusal.js";
import type { Session } from "../../postgres/session.js";
import { isRetryable } from "../../postgres/sqlstate.js";
import { lineAt } from "../../schema/position.js";
import { lossDuring } from "../lost.js";
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
  const statement = statements[at];
  const server = error instanceof pg.DatabaseError ? error : null;
  const inside = server?.position === undefined ? 0 : Number(server.position) - 1;
  const last = statements.at(-1)?.line ?? revision.up.line;
  const line = statement === undefined ? last : statement.line + lineAt(statement.sql, inside) - 1;
  const where = `${revision.file}:${line}`;
  const place =
    statement === undefined
      ? "at the end of its transaction"
      : `statement ${at + 1} of ${statements.length}`;
  const loss = lossDuring(session, `${where}, ${place}`);
  if (loss !== null) return loss;
  if (server === null) return error;
  const more = [server.detail, server.hint].flatMap((text) => text?.replace(/\.$/, "") ?? []);
  const position = server.position === undefined ? "" : ` at character ${server.position}`;
  const code = failureCode(server);
  return new SuperviseError(code, {
    what: `revision ${revision.version}_${revision.name}, ${place}${position}: ${server.message}`,
    where,
    remedy: [...more, `${REMEDIES[code]}; ${kept}`].join(". "),
    cause: server,
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
