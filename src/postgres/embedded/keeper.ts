/**
 * Who keeps the server, and for how long.
 *
 * The server is the child of a small shell script, the keeper, in a session of its own, so that
 * Ctrl-C in the terminal reaches the supervisor alone. Every supervisor that uses the server holds
 * the writing end of a named pipe that the keeper reads. The kernel closes that end when a
 * supervisor ends, SIGKILL included, and the keeper reads end-of-file once nobody is left: it then
 * stops the server. Nothing has to be counted, and nothing can be forgotten.
 *
 * A supervisor says hello by writing a line with its token into the pipe. The keeper writes the
 * line into the users file. A hello that was answered is certain to hold the server: the keeper
 * decides to stop only at end-of-file, after which it answers nobody.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, constants, lstatSync, openSync, writeSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Binaries } from "./binaries.js";
import { failed } from "./cluster.js";
import { giveToOwner, type Place } from "./place.js";
import { isAlive } from "./process.js";
import { attempt, errorCode, identity, run, serverEnvironment } from "./run.js";

/** One supervisor's hold on the server. */
export interface Hold {
  readonly token: string;
  /** Lets go. The server stops if nobody else holds it. */
  letGo(): void;
}

/**
 * $@ is the server's command line, descriptor 3 the pipe, 4 the users file. Fast shutdown at
 * end-of-file, immediate if that takes longer than five seconds.
 */
const KEEPER = `
"$@" 3<&- 4>&- &
server=$!
printf 'keeper.%s.%s\\n' "$$" "$server" >&4
(
  while read -r line <&3; do printf '%s\\n' "$line" >&4; done
  kill -INT "$server"
  nap=
  trap 'test -n "$nap" && kill "$nap"; exit 0' TERM
  sleep 5 &
  nap=$!
  wait "$nap"
  kill -QUIT "$server"
) &
watcher=$!
exec 3<&- 4>&-
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
exit "$status"
`;

/** Root may write in a folder of somebody else, who must not lead it elsewhere by a link. */
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
const HELLO_MS = 2_000;
const held = new Set<string>();

/** Starts the server under a keeper; resolves at once, with the keeper and a first hold on it. */
export async function startKeeper(
  place: Place,
  binaries: Binaries,
  args: readonly string[],
): Promise<{ keeper: ChildProcess; hold: Hold }> {
  await preparePipe(place);
  // With both ends open in one descriptor, opening either end alone does not wait for the other.
  const both = openSync(place.alive, constants.O_RDWR);
  const reading = openSync(place.alive, constants.O_RDONLY);
  const writing = openSync(place.alive, constants.O_WRONLY | constants.O_NONBLOCK);
  const users = openSync(place.users, CREATE | constants.O_TRUNC | constants.O_APPEND, 0o600);
  const log = openSync(place.log, CREATE | constants.O_APPEND, 0o600);
  try {
    await Promise.all([place.users, place.log].map((path) => giveToOwner(path, place.home)));
    const command = [join(binaries.bin, "postgres"), ...args];
    const keeper = spawn("/bin/sh", ["-c", KEEPER, "dazzle-postgres", ...command], {
      cwd: "/",
      env: serverEnvironment(),
      detached: true,
      stdio: ["ignore", log, log, reading, users],
      ...identity(place.account),
    });
    keeper.unref();
    return { keeper, hold: sayHello(writing) };
  } catch (error) {
    closeSync(writing);
    throw error;
  } finally {
    for (const descriptor of [both, reading, users, log]) closeSync(descriptor);
  }
}

/**
 * A hold on a server that runs already; null when its keeper is gone or about to stop it.
 *
 * @param server its process, to stop waiting for an answer when it ends.
 */
export async function joinKeeper(place: Place, server: number): Promise<Hold | null> {
  const writing = openForWriting(place.alive);
  if (writing === null) return null;
  const hold = sayHello(writing);
  const deadline = performance.now() + HELLO_MS;
  while (performance.now() < deadline && (await isAlive(server))) {
    if ((await readUsers(place)).includes(hold.token)) return hold;
    await sleep(5);
  }
  hold.letGo();
  return null;
}

/** True while a supervisor other than this process, or another hold of this one, uses the server. */
export async function othersHold(place: Place): Promise<boolean> {
  for (const token of await readUsers(place)) {
    const pid = Number(/^(\d+)\./.exec(token)?.[1]);
    if (!Number.isInteger(pid)) continue;
    if (pid === process.pid ? held.has(token) : await isAlive(pid)) return true;
  }
  return false;
}

/** The last keeper that announced itself, and the server that it started; null before that. */
export async function findKeeper(place: Place): Promise<{ pid: number; server: number } | null> {
  const announced = (await readUsers(place)).findLast((line) => line.startsWith("keeper."));
  const [, pid, server] = announced?.split(".") ?? [];
  return pid === undefined || server === undefined
    ? null
    : { pid: Number(pid), server: Number(server) };
}

function sayHello(writing: number): Hold {
  const token = `${process.pid}.${randomBytes(6).toString("hex")}`;
  writeSync(writing, `${token}\n`);
  held.add(token);
  return {
    token,
    letGo: () => {
      if (held.delete(token)) closeSync(writing);
    },
  };
}

async function readUsers(place: Place): Promise<string[]> {
  return ((await attempt(() => readFile(place.users, "utf8"))) ?? "").split("\n");
}

/** Kept when it is there: a supervisor whose server crashed still holds its end of it. */
async function preparePipe(place: Place): Promise<void> {
  const found = lstatSync(place.alive, { throwIfNoEntry: false });
  if (found?.isFIFO() === true) return;
  await rm(place.alive, { force: true, recursive: true });
  const made = await run("mkfifo", ["-m", "600", place.alive], null);
  if (!made.ok) throw failed("prepare the development database", place, made.output);
  if (process.getuid?.() === 0) await giveToOwner(place.alive, place.home);
}

function openForWriting(path: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    // ENXIO: nobody reads, so the keeper is gone.
    const code = errorCode(error);
    if (code === "ENXIO" || code === "ENOENT") return null;
    throw error;
  }
}
