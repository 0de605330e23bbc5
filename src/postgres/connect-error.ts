/** A failed attempt to connect, retold: where, why, what to do, and whether waiting can help. */
import { SuperviseError } from "../errors.js";
import { reason } from "./reason.js";
import { isHopeless, SQLSTATE, sqlstateOf } from "./sqlstate.js";
import { describeTarget, type DatabaseTarget } from "./url.js";

const TLS_CODES = /^(?:ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|HOSTNAME_MISMATCH)/;

/** The failure as DATABASE_UNREACHABLE. The driver's own errors never hold the password. */
export function unreachable(error: unknown, target: DatabaseTarget): SuperviseError {
  if (error instanceof SuperviseError) return error;
  return new SuperviseError("DATABASE_UNREACHABLE", {
    what: `cannot connect to the database: ${reason(error)}`,
    where: describeTarget(target),
    remedy: remedy(error, target),
    cause: error,
  });
}

/** True when trying again cannot help: a wrong password, a missing database, a TLS mismatch. */
export function waitingIsUseless(error: unknown): boolean {
  const cause = error instanceof SuperviseError ? error.cause : error;
  if (error instanceof SuperviseError && error.code !== "DATABASE_UNREACHABLE") return true;
  const sqlstate = sqlstateOf(cause);
  if (sqlstate !== null && isHopeless(sqlstate)) return true;
  return isTls(cause) || isPasswordMissing(cause);
}

function isTls(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return TLS_CODES.test(code) || /does not support SSL|certificate/i.test(error.message);
}

function isPasswordMissing(error: unknown): boolean {
  return error instanceof Error && /^SASL|password must be a string/i.test(error.message);
}

function remedy(error: unknown, target: DatabaseTarget): string {
  if (isPasswordMissing(error)) return "the server wants a password: put it into DATABASE_URL";
  if (isTls(error)) {
    return "check sslmode in DATABASE_URL (verify-full with sslrootcert, no-verify, or disable)";
  }
  switch (sqlstateOf(error) ?? "") {
    case SQLSTATE.invalidPassword:
      return `check the password of ${target.user} in DATABASE_URL`;
    case SQLSTATE.invalidAuthorization:
      return `check that the role ${target.user} exists and pg_hba.conf lets it in from here`;
    case SQLSTATE.noSuchDatabase:
      return `create it (createdb ${target.database}) or correct DATABASE_URL`;
    case SQLSTATE.insufficientPrivilege:
      return `grant connect on database ${target.database} to ${target.user}`;
    case SQLSTATE.tooManyConnections:
      return "the server's connections are used up: close some, or raise max_connections";
    case SQLSTATE.cannotConnectNow:
      return "the server is starting or shutting down: try again";
    default:
      return "check that the server runs there and that DATABASE_URL is right";
  }
}
