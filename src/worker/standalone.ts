/** The runtime of a process that no supervisor started: the same configuration and pool, one process. */
import { loadConfigSync } from "../config/load.js";
import { createLogger } from "../log/sink.js";
import { installRuntime, type Runtime } from "./runtime.js";

/** @throws SuperviseError CONFIG_INVALID as the supervisor would. */
export function standaloneRuntime(): Runtime {
  const { config, dotenv } = loadConfigSync({ cwd: process.cwd(), env: process.env, flags: {} });
  for (const [name, value] of Object.entries(dotenv)) process.env[name] ??= value;
  const runtime: Runtime = {
    env: config.env,
    config,
    log: createLogger({ format: process.stdout.isTTY ? "pretty" : "json", level: "info" }),
    worker: { id: 0, generation: 0, pid: process.pid },
    signal: new AbortController().signal,
    shutdown: [],
    own: null,
  };
  installRuntime(runtime);
  return runtime;
}
