/**
 * The closed catalogue of what can go wrong. Every failure that a person sees is one of these: a
 * code, what happened and where, what to do, and the exit status. Nothing else decides an exit
 * status. Unforeseen exceptions are code `UNEXPECTED`.
 */

/** Exit statuses, after sysexits.h where it has one. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  differences: 2,
  usage: 64,
  dataError: 65,
  noInput: 66,
  databaseUnavailable: 69,
  workersCannotRun: 70,
  cannotCreate: 73,
  tryAgain: 75,
  config: 78,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

const CATALOGUE = {
  UNEXPECTED: EXIT.unexpected,
  USAGE: EXIT.usage,
  SCHEMA_INVALID: EXIT.dataError,
  SCHEMA_UNSUPPORTED: EXIT.dataError,
  REVISION_INVALID: EXIT.dataError,
  REVISION_FAILED: EXIT.dataError,
  ARCHIVE_INVALID: EXIT.dataError,
  RESTORE_REFUSED: EXIT.dataError,
  INPUT_NOT_FOUND: EXIT.noInput,
  ENTRY_NOT_FOUND: EXIT.noInput,
  NOT_RUNNING: EXIT.noInput,
  DATABASE_UNREACHABLE: EXIT.databaseUnavailable,
  DATABASE_LOST: EXIT.databaseUnavailable,
  DATABASE_MISSING: EXIT.databaseUnavailable,
  DATABASE_READ_ONLY: EXIT.databaseUnavailable,
  EMBEDDED_UNAVAILABLE: EXIT.databaseUnavailable,
  BOOT_FAILED: EXIT.workersCannotRun,
  CRASH_LOOP: EXIT.workersCannotRun,
  LISTEN_FAILED: EXIT.workersCannotRun,
  RELOAD_ABANDONED: EXIT.workersCannotRun,
  OUTPUT_UNWRITABLE: EXIT.cannotCreate,
  LOCK_TIMEOUT: EXIT.tryAgain,
  MIGRATION_FAILED: EXIT.dataError,
  MIGRATION_BLOCKED: EXIT.tryAgain,
  CONFIG_INVALID: EXIT.config,
  PIN_MISMATCH: EXIT.config,
  PIN_INVALID: EXIT.config,
  POOLER_DETECTED: EXIT.config,
  PRIVILEGE_MISSING: EXIT.config,
  REVISIONS_PENDING: EXIT.config,
  UNSAFE_REFUSED: EXIT.config,
  BUDGET_EXCEEDED: EXIT.config,
  LISTEN_REFUSED: EXIT.config,
  INTERRUPTED: EXIT.interrupted,
} as const satisfies Record<string, ExitStatus>;

export type ErrorCode = keyof typeof CATALOGUE;

/** For codes that come from another process. */
export const isErrorCode = (text: unknown): text is ErrorCode =>
  typeof text === "string" && Object.hasOwn(CATALOGUE, text);

/** The parts of a failure: one short clause each, without a final full stop. */
export interface ErrorParts {
  /** What happened. */
  what: string;
  /** Where: a file with line, a setting, a host, a statement. */
  where?: string;
  /** What to do about it. */
  remedy: string;
  cause?: unknown;
  /** Further lines that a person needs, for example a worker's own error. Printed after the line. */
  details?: string;
}

/** A failure from the catalogue. `message` is the whole line that a person reads. */
export class SuperviseError extends Error {
  readonly code: ErrorCode;
  readonly exitStatus: ExitStatus;
  readonly parts: ErrorParts;

  constructor(code: ErrorCode, parts: ErrorParts) {
    const where = parts.where === undefined ? "" : ` (${parts.where})`;
    super(`${parts.what}${where}: ${parts.remedy}`, { cause: parts.cause });
    this.name = "SuperviseError";
    this.code = code;
    this.exitStatus = CATALOGUE[code];
    this.parts = parts;
  }
}

/** Any thrown value as a failure of the catalogue. */
export function toSuperviseError(thrown: unknown): SuperviseError {
  if (thrown instanceof SuperviseError) return thrown;
  const what = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return new SuperviseError("UNEXPECTED", {
    what: `unexpected error: ${what}`,
    remedy: "run again with --log-level debug for the stack",
    cause: thrown,
  });
}
