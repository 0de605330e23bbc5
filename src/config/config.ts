/** The effective configuration, as every other room reads it. Durations are milliseconds, sizes bytes. */

export type Environment = "development" | "staging" | "production";
export type Distribution = "auto" | "round-robin" | "shared" | "reuseport";

export interface Config {
  readonly env: Environment;
  /** The dazzle.toml that was read, absolute; null when there is none. */
  readonly file: string | null;
  /** The project's folder, absolute: where dazzle.toml is, else the working directory. */
  readonly root: string;
  /** What the profile of `env` allows. */
  readonly features: {
    readonly testEndpoints: boolean;
    readonly devControlPlane: boolean;
    readonly embeddedPostgres: boolean;
    readonly pendingRevisions: "apply" | "refuse";
    readonly watch: boolean;
  };
  readonly project: {
    /** Default: the name of package.json, else of the folder. */
    readonly name: string;
    /** The pin as written; null when there is none. */
    readonly frameworkVersion: string | null;
    readonly framework: string;
  };
  readonly app: {
    /** As written, relative to `root`; null when none is set. */
    readonly entry: string | null;
    readonly workers: number | "auto";
    /** A host name or address, or `unix:PATH`. */
    readonly host: string;
    readonly port: number;
  };
  readonly database: {
    /** Null: none set; the profile says whether the embedded server is used. */
    readonly url: string | null;
    readonly directUrl: string | null;
    readonly namespace: string;
    readonly schema: readonly string[];
    readonly revisions: string;
  };
  readonly pool: {
    readonly min: number;
    readonly max: number;
    readonly acquireTimeoutMs: number;
    readonly warnWaitMs: number;
    readonly leakAfterMs: number;
    readonly maxLifetimeMs: number;
    readonly idleTimeoutMs: number;
    readonly overcommit: boolean;
  };
  readonly migrate: {
    readonly onStart: boolean;
    readonly lockWaitMs: number;
    readonly lockTimeoutMs: number;
    readonly onUnsafe: "warn" | "refuse";
  };
  readonly supervisor: {
    readonly bootTimeoutMs: number;
    readonly drainTimeoutMs: number;
    readonly hangTimeoutMs: number;
    /** Bytes; 0 = no limit. */
    readonly maxMemoryBytes: number;
    readonly maxRestarts: number;
    readonly restartWindowMs: number;
    readonly shutdownDelayMs: number;
    readonly distribution: Distribution;
    readonly spare: number;
  };
  readonly control: {
    /** 0 = unix socket only. */
    readonly port: number;
    readonly host: string;
    /** Secret; null when none is set. */
    readonly token: string | null;
  };
  readonly backup: {
    readonly dir: string;
    readonly uploads: string;
    readonly keep: number;
  };
}
