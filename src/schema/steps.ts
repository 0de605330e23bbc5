/** A plan as data: what runs, under which timeouts, and what only a person may do. */
import type { SafeOperation } from "./changes.js";

/** From the strongest to none. Those of plain reading hold up nobody who does not take the strongest. */
export const LOCK_LEVELS = [
  "ACCESS EXCLUSIVE",
  "SHARE ROW EXCLUSIVE",
  "SHARE",
  "SHARE UPDATE EXCLUSIVE",
  "ROW EXCLUSIVE",
  "NONE",
] as const;

export type LockLevel = (typeof LOCK_LEVELS)[number];

/** NONE where there are none. */
export const strongest = (locks: readonly LockLevel[]): LockLevel =>
  LOCK_LEVELS.find((level) => locks.includes(level)) ?? "NONE";

/** Milliseconds; 0 = none. The executor runs the statement under exactly these. */
export interface Timeouts {
  readonly lockMs: number;
  readonly statementMs: number;
}

/** A column's rows filled in batches; recorded until done, so that a killed run is continued. */
export interface Backfill {
  readonly table: string;
  readonly column: string;
}

export interface Step {
  readonly operation: SafeOperation;
  readonly table: string | null;
  readonly object: string;
  readonly sql: string;
  /** The strongest lock that it takes on something that others use. */
  readonly lock: LockLevel;
  readonly rewrites: boolean;
  /** False: cannot run in a transaction block. */
  readonly transactional: boolean;
  readonly timeouts: Timeouts;
  /** Consecutive steps of one group, all of them about new objects, run in one transaction. */
  readonly grouped: boolean;
  /** What it reads or writes of what is there; null when that does not depend on the size. */
  readonly work: { readonly rows: number; readonly bytes: number } | null;
  /** Runs after a failure: takes back what the statement leaves half done, such as an invalid index. */
  readonly cleanup: readonly string[];
  /** `begin` is recorded with this step, `end` clears the record; `run` repeats it batch by batch. */
  readonly backfill: { readonly of: Backfill; readonly phase: "begin" | "run" | "end" } | null;
}

/** What the catalog says of a live table's size. */
export interface TableFacts {
  /** Estimate of the statistics; a table that was never analysed is estimated by its size. */
  readonly rows: number;
  readonly bytes: number;
  /** Looked up only where a decision hangs on it; otherwise false. */
  readonly empty: boolean;
}

export interface Facts {
  readonly serverVersionNum: number;
  readonly namespace: string;
  readonly lockTimeoutMs: number;
  readonly tables: ReadonlyMap<string, TableFacts>;
  /** Live partitions by their parent. */
  readonly partitions: ReadonlyMap<string, readonly string[]>;
  readonly partitioned: ReadonlySet<string>;
}
