/** PostgreSQL's error codes that this program tells apart, by name, and what waiting can cure. */

/** Source: PostgreSQL documentation, appendix A. */
export const SQLSTATE = {
  protocolViolation: "08P01",
  featureNotSupported: "0A000",
  invalidParameterValue: "22023",
  notNullViolation: "23502",
  foreignKeyViolation: "23503",
  uniqueViolation: "23505",
  checkViolation: "23514",
  activeTransaction: "25001",
  readOnlyTransaction: "25006",
  failedTransaction: "25P02",
  invalidAuthorization: "28000",
  invalidPassword: "28P01",
  dependentObjects: "2BP01",
  noSuchDatabase: "3D000",
  noSuchSchema: "3F000",
  serializationFailure: "40001",
  deadlockDetected: "40P01",
  insufficientPrivilege: "42501",
  syntaxError: "42601",
  undefinedColumn: "42703",
  undefinedObject: "42704",
  datatypeMismatch: "42804",
  cannotCoerce: "42846",
  undefinedFunction: "42883",
  undefinedTable: "42P01",
  invalidTableDefinition: "42P16",
  duplicateSchema: "42P06",
  duplicateTable: "42P07",
  duplicateColumn: "42701",
  duplicateObject: "42710",
  duplicateDatabase: "42P04",
  outOfMemory: "53200",
  tooManyConnections: "53300",
  objectNotInPrerequisiteState: "55000",
  objectInUse: "55006",
  lockNotAvailable: "55P03",
  unsafeNewEnumValue: "55P04",
  queryCanceled: "57014",
  adminShutdown: "57P01",
  crashShutdown: "57P02",
  cannotConnectNow: "57P03",
  databaseDropped: "57P04",
  idleSessionTimeout: "57P05",
  raised: "P0001",
} as const;

type Sqlstate = (typeof SQLSTATE)[keyof typeof SQLSTATE];

/** The statement gave way to another session; the same statement may succeed when tried again. */
const RETRYABLE: ReadonlySet<string> = new Set<Sqlstate>([
  SQLSTATE.serializationFailure,
  SQLSTATE.deadlockDetected,
  SQLSTATE.lockNotAvailable,
]);

/** A connection refused with one of these is refused again however long one waits. */
const HOPELESS: ReadonlySet<string> = new Set<Sqlstate>([
  SQLSTATE.featureNotSupported,
  SQLSTATE.invalidAuthorization,
  SQLSTATE.invalidPassword,
  SQLSTATE.noSuchDatabase,
  SQLSTATE.insufficientPrivilege,
  SQLSTATE.invalidParameterValue,
  SQLSTATE.undefinedObject,
]);

/** The SQLSTATE that a thrown value carries, or null. */
export function sqlstateOf(thrown: unknown): string | null {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return null;
  return typeof thrown.code === "string" && /^[0-9A-Z]{5}$/.test(thrown.code) ? thrown.code : null;
}

/** True when the same statement may succeed if it is simply tried again. */
export function isRetryable(thrown: unknown): boolean {
  return RETRYABLE.has(sqlstateOf(thrown) ?? "");
}

/** True when no amount of waiting lets this connection through: wrong password, no such database. */
export function isHopeless(sqlstate: string): boolean {
  return HOPELESS.has(sqlstate);
}
