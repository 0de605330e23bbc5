/** The options of `serve`, which `config` and `validate` take as well: they show what serve would use. */
import type { Command } from "commander";
import type { ConfigFlags } from "../../config/load.js";

export interface ServeFlags {
  workers?: string;
  host?: string;
  port?: string;
  watch?: boolean;
  local?: boolean;
  migrate?: boolean;
  controlPort?: string;
}

export function addServeFlags(command: Command): Command {
  return command
    .option("--workers <n>", "how many workers, or auto")
    .option("--host <host>", "the address to listen on, or unix:PATH")
    .option("--port <port>", "the port to listen on")
    .option("--watch", "reload when files change")
    .option("--no-watch", "do not")
    .option(
      "--local",
      "development on loopback, with the embedded PostgreSQL unless DATABASE_URL is set",
    )
    .option("--no-migrate", "start without applying schema changes")
    .option("--control-port <port>", "serve health and metrics on this port of loopback");
}

export function readServeFlags(options: ServeFlags, entry?: string): ConfigFlags {
  const { workers, host, port, watch, local, migrate, controlPort } = options;
  return {
    entry,
    workers,
    host,
    port,
    watch,
    local,
    controlPort,
    // Commander sets the positive of --no-migrate by default; only the negative is a choice.
    migrate: migrate === false ? false : undefined,
  };
}
