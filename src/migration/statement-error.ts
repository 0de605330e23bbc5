/** A statement that failed, told so that a person can act on it. */
import pg from "pg";
import { SuperviseError } from "../errors.js";
import { isPassing, refusalCode } from "../postgres/refusal.js";
import type { Session } from "../postgres/session.js";
import { SQLSTATE } from "../postgres/sqlstate.js";
import type { Step } from "../schema/steps.js";
import { lossDuring } from "./lost.js";

const REMEDIES: Readonly<Record<string, string>> = {
  [SQLSTATE.uniqueViolation]: "remove the duplicates, then run it again",
  [SQLSTATE.checkViolation]: "correct the rows, then run it again",
  [SQLSTATE.foreignKeyViolation]: "correct the rows, then run it again",
  [SQLSTATE.notNullViolation]: "give the column a default in schema.sql, or fill it by a revision",
  [SQLSTATE.insufficientPrivilege]:
    "give the role the privilege, or connect as the owner of the tables",
  [SQLSTATE.readOnlyTransaction]:
    "connect to the primary server, or lift default_transaction_read_only for this role and database",
  [SQLSTATE.lockNotAvailable]: "another session holds a lock; run it again when it is done",
  [SQLSTATE.queryCanceled]: "it took longer than its time; run it again when less is going on",
  [SQLSTATE.unsafeNewEnumValue]: "run it again; the new enum value is committed now",
};

/** `index` and `of` number the statement among those of this run, from 1. */
export function stepFailure(
  session: Session,
  error: unknown,
  step: Step,
  at: { readonly index: number; readonly of: number },
): unknown {
  const where = `statement ${at.index} of ${at.of}: ${step.sql.replaceAll(/\s+/g, " ")}`;
  const loss = lossDuring(session, where);
  if (loss !== null) return loss;
  if (error instanceof SuperviseError) return error;
  const server = error instanceof pg.DatabaseError ? error : null;
  const detail = [server?.detail, server?.hint]
    .flatMap((text) => text?.replace(/\.$/, "") ?? [])
    .join(". ");
  const message = error instanceof Error ? error.message : String(error);
  const code = refusalCode(error) ?? (isPassing(error) ? "MIGRATION_BLOCKED" : "MIGRATION_FAILED");
  return new SuperviseError(code, {
    what: `${step.operation} ${step.table === null ? "" : `${step.table}.`}${step.object} failed: ${message}${detail === "" ? "" : ` (${detail})`}`,
    where,
    remedy: `${REMEDIES[server?.code ?? ""] ?? "correct the cause, then run it again"}; what ran before it stays and is not repeated`,
    cause: error,
  });
}
