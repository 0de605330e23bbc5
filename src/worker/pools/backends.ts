/**
 * Asks the server which of a pool's connections it works for. Idle connections are asked first, all
 * of them, which tries them too; where none answers a new one is opened.
 */
import type pg from "pg";
import { noteClosing } from "./lives.js";
import type { Pool, PooledClient } from "./shapes.js";
import { destroySocket } from "./socket.js";

interface Row {
  // An application may have other parsers for numbers.
  readonly me: number | string;
  readonly busy: readonly (number | string)[];
}

// A backend that has been idle for a second has answered, and its answer has gone astray. Roles see
// the state of their own connections.
const BUSY = `
  select pg_backend_pid() as me, array(
    select pid from pg_stat_activity where pid = any($1::int[]) and (state is null
      or state not like 'idle%' or state_change > clock_timestamp() - interval '1 second')) as busy`;

/** A client of this pool, measured or not. */
type Client = Pick<pg.ClientBase, "query"> & { readonly processID?: number | null };

/** What answered: the backends that are at work, or null behind a pooler, where ids mean nothing. */
interface Answer {
  readonly busy: ReadonlySet<number> | null;
}

async function ask(client: Client, ids: readonly number[]): Promise<Answer> {
  const { rows } = await client.query<Row>(BUSY, [[...ids]]);
  const row = rows[0];
  const direct = row !== undefined && Number(row.me) === client.processID;
  return { busy: direct ? new Set(row.busy.map(Number)) : null };
}

/** Every idle connection is asked; those that have not answered within `limitMs` are closed. */
export async function askIdle(
  pool: Pool,
  ids: readonly number[],
  limitMs: number,
): Promise<Answer | null> {
  const answers = await Promise.all(borrowIdle(pool).map((client) => within(client, ids, limitMs)));
  return answers.find((answer) => answer !== null) ?? null;
}

async function within(
  client: PooledClient,
  ids: readonly number[],
  limitMs: number,
): Promise<Answer | null> {
  const timer = setTimeout(() => {
    noteClosing(client, "server");
    destroySocket(client);
  }, limitMs).unref();
  try {
    const answer = await ask(client, ids);
    client.release();
    return answer;
  } catch {
    // It is of no use to anybody, whatever the reason.
    client.release(true);
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** Takes what is idle out of the pool, as pg-pool does it for a caller. */
function borrowIdle(pool: Pool): PooledClient[] {
  const borrowed: PooledClient[] = [];
  for (const { client, idleListener, timeoutId } of pool._idle.splice(0)) {
    clearTimeout(timeoutId);
    const item = { callback: () => void borrowed.push(client) };
    pool._acquireClient(client, item, idleListener, false);
  }
  return borrowed;
}

/**
 * Asks over a connection that is opened for it: one of the pool where it has room, else one beyond it
 * for that moment, since nothing else tells whether the pool's own are of any use.
 */
export async function askNew(pool: Pool, ids: readonly number[]): Promise<Answer> {
  if (!pool._isFull()) {
    const client = await opened(pool);
    try {
      return await ask(client, ids);
    } finally {
      client.release();
    }
  }
  const client = new pool.Client(pool.options);
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await ask(client, ids);
  } finally {
    await client.end();
  }
}

function opened(pool: Pool): Promise<PooledClient> {
  return new Promise((resolve, reject) => {
    pool.newClient({
      callback(error, client) {
        if (error || client === undefined) reject(error ?? new Error("no connection"));
        else resolve(client);
      },
    });
  });
}
