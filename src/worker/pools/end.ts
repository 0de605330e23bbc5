/** Ending a pool in bounded time: pg-pool waits for ever for a connection that is checked out. */
import { noteClosing } from "./lives.js";
import type { MeasuredPool } from "./shapes.js";
import { destroySocket } from "./socket.js";

/** Time for the sockets of destroyed connections to close in. */
const CLOSE_MS = 1_000;

/** Waits for connections in use until `timeoutMs`, then destroys those that are still out. */
export async function endWithin(measured: MeasuredPool, timeoutMs: number): Promise<void> {
  const { pool } = measured;
  const ended = end(measured);
  if (await within(ended, timeoutMs)) return;
  for (const client of [...pool._clients]) {
    noteClosing(client, "shutdown");
    destroySocket(client);
    pool._remove(client, () => pool._pulseQueue());
  }
  await within(ended, CLOSE_MS);
}

/** Resolves when every connection is closed; the application may have called `end` itself. */
async function end({ pool, meter }: MeasuredPool): Promise<void> {
  if (!pool.ending) await pool.end();
  if (meter.open === 0) return;
  await new Promise<void>((resolve) => {
    pool.on("remove", () => {
      if (meter.open === 0) resolve();
    });
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
