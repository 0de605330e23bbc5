/** Joining, starting and ending the server of a place. The caller holds the start lock. */
import type { ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { chooseBinaries, type BinarySource } from "./binaries.js";
import { createCluster, dataVersion, failed, resetPassword } from "./cluster.js";
import { databaseName, isWrongPassword, openDatabase, rememberDatabase } from "./database.js";
import { findKeeper, joinKeeper, othersHold, type Hold } from "./keeper.js";
import { launch } from "./launch.js";
import type { Place } from "./place.js";
import { findPostmaster, isReady } from "./postmaster.js";
import { isAlive, signal, untilGone } from "./process.js";
import { newPassword, readSecret, writeSecret, type Secret } from "./secret.js";

/** How a server is made and started. */
export interface Wanted {
  /** After which the database is named when it is made. */
  readonly project: string;
  readonly sources: readonly BinarySource[];
  readonly settings: Readonly<Record<string, string>>;
}

/** A server that takes connections, held. */
export interface Server {
  readonly url: string;
  readonly version: string;
  readonly port: number;
  readonly hold: Hold;
  /** Its keeper, when this process started it; null when it was joined. */
  readonly keeper: ChildProcess | null;
}

interface Running extends Secret {
  readonly hold: Hold;
  readonly keeper: ChildProcess | null;
}

/** The keeper's own patience with a fast shutdown is five seconds. */
const KEEPER_MS = 8_000;
const SHUTDOWN_MS = 5_000;

/** The running server, or a new one, with the project's database in it. */
export async function serve(place: Place, wanted: Wanted): Promise<Server> {
  const running = (await join(place)) ?? (await start(place, wanted));
  try {
    return await open(running, place, wanted);
  } catch (error) {
    await release(place, running.hold);
    if (!isWrongPassword(error)) throw error;
  }
  // The password on file is not the server's: a new one is set while it is down.
  await rm(place.secret);
  const again = await start(place, wanted);
  try {
    return await open(again, place, wanted);
  } catch (error) {
    await release(place, again.hold);
    throw error;
  }
}

/** Lets go of the server, and sees it end when nobody else holds it. */
export async function release(place: Place, hold: Hold): Promise<void> {
  hold.letGo();
  if (!(await othersHold(place))) await end(place);
}

/** A hold on the server that runs already. One that cannot be used is ended: null. */
async function join(place: Place): Promise<Running | null> {
  const server = await findPostmaster(place.data);
  if (server === null) return null;
  const secret = await readSecret(place);
  const hold = secret === null ? null : await joinKeeper(place, server.pid);
  if (hold !== null && secret !== null) {
    const port = await untilReady(place);
    if (port !== null) return { ...secret, hold, port, keeper: null };
    hold.letGo();
  }
  await end(place);
  return null;
}

async function start(place: Place, wanted: Wanted): Promise<Running> {
  const major = await dataVersion(place);
  const binaries = await chooseBinaries(place, major, wanted.sources);
  const kept = await readSecret(place);
  const secret: Secret = kept ?? { password: newPassword(), port: 0 };
  if (kept === null) await writeSecret(place, secret);
  if (major === null) await createCluster(place, binaries, secret.password);
  else if (kept === null) await resetPassword(place, binaries, secret.password);
  const server = await launch(place, binaries, secret.port, wanted.settings);
  if (server.port !== secret.port) await writeSecret(place, { ...secret, port: server.port });
  return { ...secret, ...server };
}

async function open(running: Running, place: Place, wanted: Wanted): Promise<Server> {
  const { hold, keeper, port } = running;
  const database = await rememberDatabase(place, databaseName(wanted.project));
  return { ...(await openDatabase({ ...running, database })), hold, keeper, port };
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

/** Waits for the server to end, which its keeper sees to; without one, or late, ends it itself. */
async function end(place: Place): Promise<void> {
  const server = await findPostmaster(place.data);
  const keeper = (await findKeeper(place))?.pid ?? null;
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
