/** The plan as people and programs see it: contract section 5. */
import type { Session } from "../postgres/session.js";
import type { LockLevel, Step } from "../schema/steps.js";
import type { Weighed } from "./costs.js";
import type { Outstanding } from "./record.js";

export interface SafeStep {
  readonly operation: string;
  readonly table: string | null;
  readonly object: string;
  readonly sql: string;
  readonly lock: LockLevel;
  readonly rewrites: boolean;
  readonly transactional: boolean;
  /** Milliseconds; 0 = none. */
  readonly lock_timeout_ms: number;
  readonly statement_timeout_ms: number;
  /** Rows and bytes that it reads or writes, estimated; null when it is a matter of the catalog alone. */
  readonly work: { readonly rows: number; readonly bytes: number } | null;
}

export interface Plan {
  readonly database: {
    readonly host: string;
    readonly name: string;
    readonly server_version: string;
  };
  readonly safe: readonly SafeStep[];
  readonly unsafe: readonly Outstanding[];
  readonly revisions: { readonly current: string | null; readonly pending: readonly string[] };
  readonly up_to_date: boolean;
}

export function toSafeStep(step: Step): SafeStep {
  return {
    operation: step.operation,
    table: step.table,
    object: step.object,
    sql: step.sql,
    lock: step.lock,
    rewrites: step.rewrites,
    transactional: step.transactional,
    lock_timeout_ms: step.timeouts.lockMs,
    statement_timeout_ms: step.timeouts.statementMs,
    work: step.work,
  };
}

/** One unsafe change, with the SQL that a revision would hold as its suggestion. */
export function toOutstanding(item: Weighed): Outstanding {
  const sql = [...item.first, ...item.up, ...item.last]
    .map((statement) => `${statement};`)
    .join("\n");
  const note = item.note ?? "";
  return {
    operation: item.operation,
    table: item.table,
    object: item.object,
    reason: item.reason,
    suggestion: [sql, ...(note === "" ? [] : [`-- ${note}`])].filter((text) => text).join("\n"),
    ...item.cost,
  };
}

export function describeDatabase(session: Session): Plan["database"] {
  const { host, database } = session.client;
  return { host, name: database ?? "", server_version: session.serverVersion };
}
