/** `supervise deploy`: writes what a platform needs, made from the project's own configuration. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.js";
import { writeFile, type Action } from "../init/write.js";
import { readDeployFacts } from "./facts.js";
import type { DeployFile } from "./model.js";
import { planDeployment } from "./plan.js";
import type { Target } from "./targets.js";

export interface DeployOptions {
  /** Overwrite files that exist. */
  readonly force: boolean;
  /** Write nothing. */
  readonly dryRun: boolean;
}

export interface DeployedFile extends DeployFile {
  /** What was done, or with `dryRun` would be. */
  readonly action: Action;
}

export interface DeployResult {
  readonly target: Target;
  readonly env: Config["env"];
  readonly files: readonly DeployedFile[];
  readonly notes: readonly string[];
  readonly next: readonly string[];
}

function foreseen(root: string, { path, text }: DeployFile, force: boolean): Action {
  const file = join(root, path);
  if (!existsSync(file)) return "created";
  return force && readFileSync(file, "utf8") !== text ? "overwritten" : "kept";
}

/** Errors: OUTPUT_UNWRITABLE (73). */
export function deployProject(
  config: Config,
  target: Target,
  { force, dryRun }: DeployOptions,
): DeployResult {
  const { root } = config;
  const { files, notes, next } = planDeployment(target, readDeployFacts(config));
  const done = files.map((file): DeployedFile => {
    const action = dryRun
      ? foreseen(root, file, force)
      : writeFile(root, file.path, file.text, force).action;
    return { ...file, action };
  });
  const kept = done.filter(
    ({ path, text, action }) =>
      action === "kept" && readFileSync(join(root, path), "utf8") !== text,
  );
  const told =
    kept.length === 0
      ? notes
      : [
          ...notes,
          `${kept.map(({ path }) => path).join(", ")} ${kept.length === 1 ? "exists" : "exist"} and differ${kept.length === 1 ? "s" : ""}; --dry-run --force prints what --force would write`,
        ];
  return { target, env: config.env, files: done, notes: told, next };
}
