/** A throw-away project folder, and what loading it in there says. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import {
  loadConfig,
  type ConfigFlags,
  type ResolvedConfig,
  type Setting,
} from "../../src/config/load.js";
import { describeOrigin } from "../../src/config/origin.js";
import { SuperviseError } from "../../src/errors.js";

/** A folder named `tasks` with these files, removed when the test ends. */
export function project(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), "supervise-config-")));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const root = join(parent, "tasks");
  mkdirSync(root);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

export interface Layers {
  toml?: string | Uint8Array;
  env?: NodeJS.ProcessEnv;
  flags?: ConfigFlags;
  files?: Readonly<Record<string, string | Uint8Array>>;
}

export function load({ toml, env = {}, flags = {}, files = {} }: Layers): Promise<ResolvedConfig> {
  const cwd = project(toml === undefined ? files : { ...files, "dazzle.toml": toml });
  return loadConfig({ cwd, env, flags });
}

export async function failure(layers: Layers): Promise<SuperviseError> {
  const loaded = await load(layers).catch((error: unknown) => error);
  if (loaded instanceof SuperviseError) return loaded;
  throw new Error("the configuration was accepted", { cause: loaded });
}

/** `value from origin` of a setting. */
export function said(resolved: ResolvedConfig, key: string): string {
  const setting: Setting | undefined = resolved.settings.find((one) => one.key === key);
  if (setting === undefined) return "no such setting";
  return `${JSON.stringify(setting.value)} from ${describeOrigin(setting.origin)}`;
}
