/**
 * What the primary and a worker say to each other: one union for each direction. `v` is checked
 * because a reload may put code of another release on disk while this primary runs on.
 */
import type { Config } from "../config/config.js";
import type { ErrorCode } from "../errors.js";

export const PROTOCOL = 1;

/** Where a worker serves. Null: its listening is none of the supervisor's business. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** A unix socket instead of host and port. */
  readonly path?: string;
  readonly secure: boolean;
}

/** A failure that a worker reports about itself. */
export interface ReportedFailure {
  readonly code: ErrorCode;
  readonly what: string;
  readonly remedy: string;
  readonly where?: string;
  readonly details?: string;
}

export interface WorkerIdentity {
  /** 1..N; 0 for a spare that is in no slot yet. */
  readonly slot: number;
  readonly generation: number;
  /** How often the slot's worker was replaced after an unexpected end. */
  readonly restarts: number;
}

/** What keeps the application from running as written. */
export interface Problem {
  readonly time: string;
  readonly kind: "reload" | "crash";
  readonly msg: string;
  /** A code frame, a stack, last lines; empty when there is none. */
  readonly details: string;
}

export type ToWorker =
  | {
      readonly v: number;
      readonly type: "start";
      readonly identity: WorkerIdentity;
      /** The control token is left out. */
      readonly config: Config;
      /** Variables that are not in the process's environment from its start, for secrecy. */
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly v: number; readonly type: "promote"; readonly identity: WorkerIdentity }
  | { readonly v: number; readonly type: "drain"; readonly timeoutMs: number }
  /** Its loop turns again after it had been asked for its stack: the inspector may close. */
  | { readonly v: number; readonly type: "recovered" }
  /** Development: what keeps the latest change from running; null when nothing does. */
  | { readonly v: number; readonly type: "problem"; readonly problem: Problem | null };

export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export type ToPrimary =
  /** It listens to orders and has none. What came before is lost: node:cluster has a listener of its own. */
  | { readonly v: number; readonly type: "hello" }
  | { readonly v: number; readonly type: "loaded" }
  | { readonly v: number; readonly type: "ready"; readonly address: Address | null }
  /** Its event loop turns. */
  | { readonly v: number; readonly type: "beat" }
  | { readonly v: number; readonly type: "failed"; readonly failure: ReportedFailure }
  | {
      readonly v: number;
      readonly type: "stats";
      readonly loop: LoopDelay;
      readonly requests: { readonly total: number; readonly inFlight: number };
      /** Parsed by sampling/runtime.ts. */
      readonly runtime: unknown;
    }
  /** Parsed by sampling/report.ts. */
  | { readonly v: number; readonly type: "pools"; readonly reports: unknown }
  /** The worker itself was sent this signal. */
  | { readonly v: number; readonly type: "asked"; readonly signal: string }
  /** The drain's time was up with this many requests in flight. */
  | { readonly v: number; readonly type: "cut"; readonly requests: number };

const hasType = (value: unknown): value is { v: unknown; type: unknown } =>
  typeof value === "object" && value !== null && "type" in value && "v" in value;

const isOurs = (value: unknown, types: readonly string[]): boolean =>
  hasType(value) && value.v === PROTOCOL && types.includes(String(value.type));

/** True for a message of this protocol's version; others (the application's own) are not ours. */
export const isToPrimary = (value: unknown): value is ToPrimary =>
  isOurs(value, ["hello", "loaded", "ready", "failed", "stats", "pools", "asked", "cut", "beat"]);

export const isToWorker = (value: unknown): value is ToWorker =>
  isOurs(value, ["start", "promote", "drain", "recovered", "problem"]);
