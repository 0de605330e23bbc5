/** What deployment files are made from, and what comes of it. */
import type { Environment } from "../config/config.js";

export type PackageManager = "npm" | "pnpm" | "yarn";

/** What the files are made from. Durations are milliseconds, sizes bytes. */
export interface DeployFacts {
  /** As configured; for people. */
  readonly project: string;
  /** The name as a DNS label of at most 40 characters: names of units, objects, users. */
  readonly label: string;
  readonly env: Environment;
  readonly node: { readonly major: number; /** `engines.node` */ readonly range: string | null };
  readonly manager: PackageManager;
  readonly lockFile: string | null;
  /** Yarn 2 or later. */
  readonly berry: boolean;
  /** Files that the package manager reads beside package.json and the lock file. */
  readonly beside: readonly string[];
  /** package.json has a build script. */
  readonly build: boolean;
  /** The supervisor's package, and among which dependencies it is. */
  readonly framework: {
    readonly name: string;
    readonly kind: "production" | "development" | "missing";
  };
  readonly port: number;
  readonly workers: number | "auto";
  readonly poolMax: number;
  /** Per worker; 0 = no limit. */
  readonly maxMemoryBytes: number;
  readonly drainMs: number;
  readonly shutdownDelayMs: number;
  /** How long a start may take: the migration lock and the workers' boot. */
  readonly startMs: number;
  readonly controlPort: number;
  /** The folder of revisions, where it exists. */
  readonly revisions: string | null;
  /** Another tool that migrates the database; null when none does. */
  readonly otherTool: string | null;
  /** The uploads folder, relative to the project. */
  readonly uploads: string;
  readonly hasUploads: boolean;
  /** How many backups are kept. */
  readonly keep: number;
  readonly procfile: string;
}

export interface DeployFile {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly text: string;
}

export interface DeployPlan {
  readonly files: readonly DeployFile[];
  /** What a person should know, a sentence each. */
  readonly notes: readonly string[];
  /** Commands to go on with. */
  readonly next: readonly string[];
}
