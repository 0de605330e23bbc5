/** What travels to the page, as both ends see it. Types only: the page is made of these too. */
import type { Fields, Level } from "../../log/logger.js";

/** One statement of a plan that is applied automatically. */
export interface SafeChange {
  readonly operation: string;
  readonly table: string | null;
  readonly object: string;
  readonly sql: string;
  readonly lock: string;
  readonly rewrites: boolean;
}

/** One change that is left to a person. */
export interface UnsafeChange {
  readonly operation: string;
  readonly table: string | null;
  readonly object: string;
  readonly reason: string;
  readonly suggestion: string;
  /** Null where a person has to write the change. */
  readonly lock: string | null;
  readonly rewrites: boolean | null;
}

/** `migrate --dry-run --json`, as far as the page shows it. */
export interface PlanView {
  readonly database: {
    readonly host: string;
    readonly name: string;
    readonly server_version: string;
  };
  readonly safe: readonly SafeChange[];
  readonly unsafe: readonly UnsafeChange[];
  readonly revisions: { readonly current: string | null; readonly pending: readonly string[] };
  readonly up_to_date: boolean;
}

/** One revision, as the folder and the database know it. */
export interface RevisionView {
  readonly version: string;
  readonly name: string;
  readonly state: "applied" | "edited" | "missing" | "out-of-order" | "pending";
  readonly applied_at: string | null;
  /** Null where the file is gone. */
  readonly up: string | null;
  /** Null also where there is no way back. */
  readonly down: string | null;
  /** Nothing stands in it yet, so that it is not run. */
  readonly empty: boolean;
}

export type { Problem as DevProblem } from "../../ipc/messages.js";

/** One setting in force. */
export interface SettingView {
  readonly key: string;
  /** As dazzle.toml spells it, secrets masked; null when unset. */
  readonly value: unknown;
  /** `flag --port`, `dazzle.toml:7 [app]`, `default`. */
  readonly from: string;
  /** Somebody has set it. */
  readonly own: boolean;
}

export interface FeedLine {
  /** Counts up by one. */
  readonly id: number;
  readonly time: string;
  readonly level: Level;
  readonly event: string | null;
  readonly msg: string;
  readonly worker: number | null;
  /** Set for a line that a worker printed. */
  readonly stream: "stdout" | "stderr" | null;
  readonly fields: Fields;
}
