/** What the server refuses whatever the statement: the role may not, or nothing may be written. */
import { SuperviseError, type ErrorCode } from "../errors.js";
import { isRetryable, SQLSTATE, sqlstateOf } from "./sqlstate.js";

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  PRIVILEGE_MISSING: "grant it to the role, or connect as the owner",
  DATABASE_READ_ONLY:
    "connect to the primary server, or lift default_transaction_read_only for this role and database",
};

/** The catalogue's code for a statement's error, or null when the statement itself is at fault. */
export function refusalCode(error: unknown): ErrorCode | null {
  switch (sqlstateOf(error) ?? "") {
    case SQLSTATE.insufficientPrivilege:
      return "PRIVILEGE_MISSING";
    case SQLSTATE.readOnlyTransaction:
      return "DATABASE_READ_ONLY";
    default:
      return null;
  }
}

/** True when the same statement may succeed later, with nobody correcting anything. */
export const isPassing = (error: unknown): boolean =>
  isRetryable(error) ||
  [SQLSTATE.queryCanceled, SQLSTATE.unsafeNewEnumValue, SQLSTATE.outOfMemory].some(
    (code) => code === sqlstateOf(error),
  );

/** A server's refusal as a failure of the catalogue; anything else unchanged. */
export function retoldRefusal(error: unknown): unknown {
  const code = refusalCode(error);
  if (code === null || !(error instanceof Error)) return error;
  return new SuperviseError(code, {
    what: `the database refuses: ${error.message}`,
    remedy: REMEDIES[code] ?? "",
    cause: error,
  });
}
