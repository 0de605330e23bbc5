/** The configuration as another machine will see it: of dazzle.toml, and of nothing that is set here. */
import type { Config } from "../config/config.js";
import { loadConfig } from "../config/load.js";
import type { GlobalOptions } from "./context.js";

/** `--env` says which profile; default: production. */
export async function loadForDeployment(globals: GlobalOptions): Promise<Config> {
  const { config } = await loadConfig({
    cwd: process.cwd(),
    env: {},
    flags: { config: globals.config, env: globals.env ?? "production" },
  });
  return config;
}
