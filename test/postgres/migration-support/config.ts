/** The configuration of a project that only migrates. */
import type { Config } from "../../../src/config/config.js";
import { loadConfigSync } from "../../../src/config/load.js";

interface Overrides {
  readonly namespace?: string;
  readonly lockTimeoutMs?: number;
  readonly lockWaitMs?: number;
  readonly onUnsafe?: "warn" | "refuse";
  readonly pending?: "apply" | "refuse";
  readonly schema?: readonly string[];
}

export function migrationConfig(root: string, overrides: Overrides = {}): Config {
  const { config } = loadConfigSync({ cwd: root, env: {}, flags: {} });
  return {
    ...config,
    root,
    features: { ...config.features, pendingRevisions: overrides.pending ?? "apply" },
    database: {
      ...config.database,
      namespace: overrides.namespace ?? "public",
      schema: overrides.schema ?? ["schema.sql"],
    },
    migrate: {
      ...config.migrate,
      lockTimeoutMs: overrides.lockTimeoutMs ?? 100,
      lockWaitMs: overrides.lockWaitMs ?? 30_000,
      onUnsafe: overrides.onUnsafe ?? "warn",
    },
  };
}
