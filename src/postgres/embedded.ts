/**
 * PostgreSQL for development: a server of the project's own, real binaries, with its data in
 * `.dazzle/postgres`. It listens on the loopback address only, on a port of its own, and wants a
 * password that only this user can read; TCP rather than a unix socket, because every client
 * understands such a URL and no path is too long for it.
 *
 * In order: account and folder -> start lock -> the running server, or binaries, data and a new
 * one -> the project's database. It stops with the last supervisor that uses it (keeper.ts).
 */
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../log/logger.js";
import { chooseBinaries, type BinarySource } from "./embedded/binaries.js";
import { createCluster, dataVersion, failed, resetPassword } from "./embedded/cluster.js";
import { databaseName, isWrongPassword, openDatabase } from "./embedded/database.js";
import { keeperPid, joinKeeper, othersHold, type Hold } from "./embedded/keeper.js";
import { launch } from "./embedded/launch.js";
import { choosePlace, type Place } from "./embedded/place.js";
import { findPostmaster, isReady } from "./embedded/postmaster.js";
import { isAlive, signal, untilGone } from "./embedded/process.js";
import { newPassword, readSecret, writeSecret, type Secret } from "./embedded/secret.js";
import { takeStartLock } from "./embedded/start-lock.js";

export interface EmbeddedOptions {
  /** The project's folder. */
  readonly root: string;
  readonly log: Logger;
  /**
   * The project's name, after which its database is named when it is made; it keeps that name.
   * Default: the folder's name.
   */
  readonly project?: string;
  /** Where the programs may come from. Default: installed, then the npm package. */
  readonly sources?: readonly BinarySource[];
  /** Server settings beside those of launch.ts. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Embedded {
  /** The project's own database, for any client; holds the password. */
  readonly url: string;
  /** `15.18` */
  readonly version: string;
  /**
   * Lets go of the server. When nobody else uses it, resolves once it has stopped. A second call
   * waits for the first.
   */
  stop(): Promise<void>;
}

/** The keeper's own patience with a fast shutdown is five seconds. */
const KEEPER_MS = 8_000;
const SHUTDOWN_MS = 5_000;

interface Running {
  readonly hold: Hold;
  readonly port: number;
  readonly password: string;
  readonly database: string;
}

/**
 * Starts the project's development server, or joins the one that another supervisor of the
 * project has started.
 *
 * @throws SuperviseError EMBEDDED_UNAVAILABLE with what the server said and what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { root, log } = options;
  const started = performance.now();
  const place = await choosePlace(root);
  const unlock = await takeStartLock(place.lock);
  try {
    const joined = await join(place);
    const { running, url, version } = await serve(joined, place, options);
    const how = joined === null ? "started" : "joined";
    log.debug(`${how} the development database, PostgreSQL ${version}`, {
      port: running.port,
      data: place.data,
      took_ms: Math.round(performance.now() - started),
    });
    let stopping: Promise<void> | null = null;
    return { url, version, stop: () => (stopping ??= stop(place, running.hold)) };
  } finally {
    await unlock();
  }
}

/** A hold on the server that runs already. One that cannot be used is ended: null. */
async function join(place: Place): Promise<Running | null> {
  const server = await findPostmaster(place.data);
  if (server === null) return null;
  const secret = await readSecret(place);
  const hold = secret === null ? null : await joinKeeper(place, server.pid);
  if (hold === null || secret === null) {
    await end(place);
    return null;
  }
  const ready = await untilReady(place);
  if (ready !== null) return { ...secret, hold, port: ready };
  hold.letGo();
  await end(place);
  return null;
}

async function start(place: Place, options: EmbeddedOptions): Promise<Running> {
  const major = await dataVersion(place);
  const binaries = await chooseBinaries(place, major, options.sources ?? ["installed", "package"]);
  const kept = await readSecret(place);
  const database = databaseName(options.project ?? basename(options.root));
  const secret: Secret = kept ?? { password: newPassword(), port: 0, database };
  if (kept === null) await writeSecret(place, secret);
  if (major === null) await createCluster(place, binaries, secret.password);
  else if (kept === null) await resetPassword(place, binaries, secret.password);
  const server = await launch(place, binaries, secret.port, options.settings ?? {});
  if (server.port !== secret.port) await writeSecret(place, { ...secret, port: server.port });
  return { ...secret, ...server };
}

/** The port of a server that is starting, once it is ready; null when it ends instead. */
async function untilReady(place: Place): Promise<number | null> {
  for (;;) {
    const server = await findPostmaster(place.data);
    if (server === null || server.status === "stopping") return null;
    if (isReady(server)) return server.port;
    await sleep(10);
  }
}

/** The project's database on the server; one that does not know our password is set right. */
async function serve(
  joined: Running | null,
  place: Place,
  options: EmbeddedOptions,
): Promise<{ running: Running; url: string; version: string }> {
  const running = joined ?? (await start(place, options));
  try {
    return { running, ...(await openDatabase(running)) };
  } catch (error) {
    await stop(place, running.hold);
    if (!isWrongPassword(error)) throw error;
  }
  await rm(place.secret);
  const again = await start(place, options);
  try {
    return { running: again, ...(await openDatabase(again)) };
  } catch (error) {
    await stop(place, again.hold);
    throw error;
  }
}

async function stop(place: Place, hold: Hold): Promise<void> {
  hold.letGo();
  if (!(await othersHold(place))) await end(place);
}

/** Waits for the server to end, which its keeper sees to; without one, or late, ends it itself. */
async function end(place: Place): Promise<void> {
  const server = await findPostmaster(place.data);
  const keeper = await keeperPid(place);
  const living = [server?.pid, keeper].filter((pid) => typeof pid === "number");
  const kept = keeper !== null && (await isAlive(keeper));
  if (kept && (await untilGone(living, KEEPER_MS))) return;
  if (server === null) return;
  for (const name of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    signal(server.pid, name);
    if (await untilGone([server.pid], SHUTDOWN_MS)) return;
  }
  throw failed("stop the development database", place, `it runs as pid ${server.pid}`);
}
