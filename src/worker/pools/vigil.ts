/**
 * Finds connections that have fallen silent without an end: a server that failed over and left nobody
 * to say so, a proxy that forwards nothing any more. A query on one would wait for as long as the
 * operating system does, a quarter of an hour. A query that takes long looks the same, so nothing is
 * done on suspicion alone: when a query has brought nothing for two seconds, the server is asked
 * whether it is there and which connections it works for.
 *
 * A healthy pool costs it a look at its connections once a second, one with long queries a question
 * to the server now and then. Connections held without a query under way are left alone: their next
 * query tells.
 */
import { Socket } from "node:net";
import { formatDuration } from "../../util/units.js";
import { askIdle, askNew } from "./backends.js";
import { noteClosing } from "./lives.js";
import { PoolError } from "./pool-error.js";
import { addressOf, answers } from "./probe.js";
import { CHECKOUT, type Pool, type PooledClient, type Vigil } from "./shapes.js";
import { destroySocket, socketOf } from "./socket.js";

/** A query that has brought nothing for this long is looked into. */
const SUSPECT_MS = 2_000;
/** Time for an answer where the pool has no limit of its own on opening a connection. */
const DEFAULT_LIMIT_MS = 5_000;
/** A pool that is full of silent queries is asked about over one connection more after this time. */
const BEYOND_MAX_MS = 10_000;
/** Pause between two questions to the server. */
const PAUSE_MS = 5_000;

interface Progress {
  /** Read and written on the socket. */
  readonly bytes: number;
  /** When that was first seen. */
  readonly at: number;
}

/**
 * @param name the pool's, for the errors
 * @param openTimeoutMs time for an answer; 0: a default
 * @param gone hears that the server is not there and no connection is left
 */
export function createVigil(
  pool: Pool,
  name: string,
  openTimeoutMs: number,
  gone: (why: string) => void,
): Vigil {
  const limitMs = openTimeoutMs > 0 ? openTimeoutMs : DEFAULT_LIMIT_MS;
  const progress = new WeakMap<object, Progress>();
  let notBefore = 0;
  let examining = false;

  const silentMs = (client: PooledClient, now: number): number => {
    const seen = progress.get(client);
    const bytes = isAsking(client) ? bytesOf(client) : null;
    if (bytes === null) progress.delete(client);
    else if (seen?.bytes !== bytes) progress.set(client, { bytes, at: now });
    else return now - seen.at;
    return 0;
  };

  const silentFor = (ms: number): PooledClient[] => {
    const now = performance.now();
    return pool._clients.filter((client) => silentMs(client, now) >= ms);
  };

  const cut = (clients: readonly PooledClient[], what: string): void => {
    for (const client of clients) {
      const message = `${what}: a connection of pool "${name}" is given up`;
      noteClosing(client, "server");
      destroySocket(client, new PoolError("DATABASE_LOST", message));
    }
  };

  /** Whoever has a query under way is told, and whoever waits. */
  const giveUp = (silent: readonly PooledClient[]): void => {
    const ms = formatDuration(SUSPECT_MS + limitMs);
    cut(silent, `the database has not answered for ${ms}`);
    if (pool._clients.some((client) => client[CHECKOUT] && !silent.includes(client))) return;
    gone(`no answer within ${formatDuration(limitMs)}`);
  };

  const examine = async (suspects: readonly PooledClient[]): Promise<void> => {
    const address = addressOf(suspects[0] ?? {});
    if (address === null) return;
    const ids = suspects.map(({ processID }) => processID ?? 0);
    const [there, answer] = await Promise.all([
      answers(address, limitMs),
      askIdle(pool, ids, limitMs),
    ]);
    const still = (): PooledClient[] =>
      silentFor(SUSPECT_MS).filter((client) => suspects.includes(client));
    if (pool.ending || still().length === 0) return;
    if (!there && answer === null) {
      giveUp(still());
      return;
    }
    const stuck = (): boolean => silentFor(BEYOND_MAX_MS).length >= pool._clients.length;
    if (answer === null && pool._isFull() && !stuck()) return;
    const { busy } = answer ?? (await askNew(pool, ids));
    const dead = still().filter(({ processID }) => busy?.has(processID ?? 0) === false);
    cut(dead, "the server knows nothing of a query that has had no answer");
  };

  return {
    look(now) {
      const suspects = silentFor(SUSPECT_MS);
      if (suspects.length === 0 || examining || now < notBefore) return;
      examining = true;
      const done = (): void => {
        examining = false;
        notBefore = performance.now() + PAUSE_MS;
      };
      // A question that fails has told nothing: it is asked again.
      examine(suspects).then(done, done);
    },
  };
}

/**
 * A query is under way: the application's, or one that a connection was given back with. A connection
 * that is still being opened, which the server has not named yet, has a limit of its own.
 */
const isAsking = ({ processID, readyForQuery }: PooledClient): boolean =>
  readyForQuery === false && processID !== null && processID !== undefined;

/** Null for a client without a socket of the network. */
function bytesOf(client: PooledClient): number | null {
  const socket = socketOf(client);
  return socket instanceof Socket ? socket.bytesRead + socket.bytesWritten : null;
}
