/** Starting the server on an existing data folder, until it takes connections. */
import type { ChildProcess } from "node:child_process";
import { readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Binaries } from "./binaries.js";
import { failed } from "./cluster.js";
import { findKeeper, startKeeper, type Hold } from "./keeper.js";
import type { Place } from "./place.js";
import { freePort } from "./ports.js";
import { disownStrangers, findPostmaster, isReady } from "./postmaster.js";
import { attempt } from "./run.js";

/** Beyond this the log is set aside as `postgres.log.1` before a start. */
const LOG_BYTES = 5_000_000;
const TRIES = 20;

/**
 * Durability is as on a real server: with `synchronous_commit` off, killing the server loses
 * transactions that were reported as committed. Connections are plentiful, since several tools
 * are often open beside the application.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  timezone: "UTC",
  log_timezone: "UTC",
  logging_collector: "off",
  log_destination: "stderr",
};

/** @throws SuperviseError EMBEDDED_UNAVAILABLE with the last lines of the server's log. */
export async function launch(
  place: Place,
  binaries: Binaries,
  preferredPort: number,
  settings: Readonly<Record<string, string>>,
): Promise<{ hold: Hold; keeper: ChildProcess; port: number }> {
  await rotate(place.log);
  const fixed = { ...SETTINGS, ...(await statistics(binaries)), ...settings };
  for (let tried = 1; ; tried += 1) {
    await disownStrangers(place.data);
    const port = await freePort(tried === 1 ? preferredPort : 0);
    const before = await sizeOf(place.log);
    const args = Object.entries({ ...fixed, port: String(port) }).flatMap(([name, value]) => [
      "-c",
      `${name}=${value}`,
    ]);
    const { keeper, hold } = await startKeeper(place, binaries, ["-D", place.data, ...args]);
    if (await becomesReady(keeper, place)) return { hold, keeper, port };
    hold.letGo();
    const said = (await readFile(place.log)).subarray(before).toString();
    if (tried === TRIES || !passes(said))
      throw failed("start the development database", place, said);
    await sleep(100);
  }
}

/** A port taken in the meantime; processes of a killed server that have not all ended yet. */
function passes(said: string): boolean {
  return /could not bind|pre-existing shared memory block|lock file .* already exists/.test(said);
}

async function becomesReady(keeper: ChildProcess, place: Place): Promise<boolean> {
  let ended = false;
  keeper.once("exit", () => (ended = true));
  keeper.once("error", () => (ended = true));
  for (;;) {
    // An event handler changes it while this loop sleeps.
    if (hasEnded()) return false;
    const server = await findPostmaster(place.data);
    if (isReady(server) && (await isKeptBy(keeper, server.pid, place))) return true;
    await sleep(10);
  }
  function hasEnded(): boolean {
    return ended;
  }
}

/** Another server on the data, started by a supervisor that was then killed, is not ours. */
async function isKeptBy(keeper: ChildProcess, server: number, place: Place): Promise<boolean> {
  const found = await findKeeper(place);
  return found?.pid === keeper.pid && found?.server === server;
}

/** Query statistics for `supervise db slow`, where the installation has the module. */
async function statistics({ bin }: Binaries): Promise<Record<string, string>> {
  const folders = ["../lib", "../lib/postgresql", "../lib64/pgsql", "../lib/pgsql"];
  for (const folder of folders) {
    for (const suffix of ["so", "dylib"]) {
      const library = join(bin, folder, `pg_stat_statements.${suffix}`);
      if ((await attempt(() => stat(library))) !== null) {
        return { shared_preload_libraries: "pg_stat_statements" };
      }
    }
  }
  return {};
}

async function rotate(log: string): Promise<void> {
  if ((await sizeOf(log)) > LOG_BYTES) await rename(log, `${log}.1`);
}

async function sizeOf(path: string): Promise<number> {
  return (await attempt(() => stat(path)))?.size ?? 0;
}
