/** Ending a pool in bounded time: pg-pool waits for ever for a connection that is checked out. */
import { noteClosing } from "./instrument.js";
import type { Pool } from "./internals.js";
import { destroySocket } from "./socket.js";

/** Time for the sockets of destroyed connections to close in. */
const CLOSE_MS = 1_000;

/** Waits for connections in use until `timeoutMs`, then destroys those that are still out. */
export async function endWithin(pool: Pool, timeoutMs: number): Promise<void> {
  const ended = pool.ending ? emptied(pool) : pool.end();
  if (await within(ended, timeoutMs)) return;
  for (const client of [...pool._clients]) {
    noteClosing(client, "shutdown");
    destroySocket(client);
    pool._remove(client, () => pool._pulseQueue());
  }
  await within(ended, CLOSE_MS);
}

/** The application has called `end` itself: resolves when no connection is left. */
function emptied(pool: Pool): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (pool.totalCount > 0) return;
      pool.off("remove", look);
      resolve();
    };
    pool.on("remove", look);
    look();
  });
}

/** False when `promise` has not resolved in time. */
async function within(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
