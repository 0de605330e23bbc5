/** What a failed backup or restore tells its caller: the reason, and that nothing was changed. */
import pg from "pg";
import { SuperviseError, type ErrorCode } from "../../errors.js";
import type { Session } from "../../postgres/session.js";
import { TruncatedError } from "../archive/byte-reader.js";
import { asRefusal } from "../archive/archive-reader.js";
import { DumpRefusal } from "../dump/custom-format.js";
import { invalidArchive } from "../refusals.js";

export const UNCHANGED = "the database and the uploads are as before";

/** Reasons by SQLSTATE or its class, with what to do. */
const REASONS: readonly (readonly [string, ErrorCode, string])[] = [
  ["55P03", "LOCK_TIMEOUT", "somebody holds a table: stop the application, then try again"],
  ["40P01", "LOCK_TIMEOUT", "a deadlock with the running application: stop it, then try again"],
  ["53100", "OUTPUT_UNWRITABLE", "the server's disk is full: make room there"],
  ["53", "OUTPUT_UNWRITABLE", "the server lacks resources: see its log"],
  ["42501", "PRIVILEGE_MISSING", "run it as the owner of the tables"],
  ["57P", "DATABASE_LOST", "see the server's log for the reason, then try again"],
  ["08", "DATABASE_LOST", "see the server's log for the reason, then try again"],
];

/** What pg says when a query meets a connection that has just ended, before the session knows. */
const CONNECTION_GONE = /not queryable|Connection terminated|connection error|Client was closed/;

function field(error: object, name: string): string {
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : "";
}

function describe(error: Error): string {
  const table = field(error, "table");
  const constraint = field(error, "constraint");
  const detail = field(error, "detail");
  const context = /^COPY [^\n]*/.exec(field(error, "where"))?.[0] ?? "";
  const names = [
    table === "" ? "" : `table ${table}`,
    constraint === "" ? "" : constraint,
    context,
  ];
  const where = names.filter((name) => name !== "").join(", ");
  return `${error.message}${where === "" ? "" : ` (${where})`}${detail === "" ? "" : `: ${detail}`}`;
}

function connectionLost(error: Error, session: Session, during: string): SuperviseError {
  return new SuperviseError("DATABASE_LOST", {
    what: `the connection was lost during the ${during}`,
    where: session.where,
    remedy: "see the server's log for the reason, then try again",
    cause: error,
  });
}

function isConnectionGone(error: Error, session: Session): boolean {
  return session.lost.aborted || CONNECTION_GONE.test(error.message);
}

/** A failure that says all there is to say. That of a lost session does not know what it was used for. */
function isOwn(error: Error, session: Session): boolean {
  return error instanceof SuperviseError && error !== session.lost.reason;
}

/** @param error anything that ended a backup before it was whole */
export function backupFailure(error: unknown, session: Session): unknown {
  if (!(error instanceof Error) || isOwn(error, session)) return error;
  if (isConnectionGone(error, session)) {
    return connectionLost(error, session, "backup; nothing was written");
  }
  if (!(error instanceof pg.DatabaseError)) return error;
  const known = REASONS.find(([prefix]) => error.code?.startsWith(prefix) === true);
  return new SuperviseError(known?.[1] ?? "DATABASE_LOST", {
    what: `the database refused the backup: ${describe(error)}; nothing was written`,
    where: session.where,
    remedy: known?.[2] ?? "see the server's log for the reason, then try again",
    cause: error,
  });
}

/** @param error anything that ended a restore before its commit */
export function restoreFailure(error: unknown, path: string, session: Session): unknown {
  if (error instanceof Error && isOwn(error, session)) return error;
  if (error instanceof DumpRefusal || error instanceof TruncatedError) {
    return invalidArchive(path, error.message, error);
  }
  const archive = asRefusal(path, error);
  if (!(archive instanceof Error) || isOwn(archive, session)) return archive;
  if (isConnectionGone(archive, session)) {
    return connectionLost(archive, session, `restore; ${UNCHANGED}`);
  }
  if (!(archive instanceof pg.DatabaseError)) return archive;
  const known = REASONS.find(([prefix]) => archive.code?.startsWith(prefix) === true);
  return new SuperviseError(known?.[1] ?? "RESTORE_REFUSED", {
    what: `the database refused the restore: ${describe(archive)}; ${UNCHANGED}`,
    where: path,
    remedy: known?.[2] ?? "correct the schema or use another backup",
    cause: archive,
  });
}
