/**
 * A connection given back inside a transaction would hand the next caller that transaction, its
 * locks and its settings. It is rolled back first. A query that is still under way (a COMMIT that
 * nobody awaited) is let finish before its outcome is judged.
 */
import type { PooledClient } from "./shapes.js";

/** True when the connection can go to the next caller as it is. */
export function isClean(client: PooledClient): boolean {
  const status = statusOf(client);
  return (status === "I" || status === null) && !isBusy(client);
}

/** Brings the connection out of its transaction; false when it has to be closed. */
export async function clean(client: PooledClient): Promise<{ usable: boolean; dirty: boolean }> {
  if (isBusy(client)) await settled(client);
  const status = statusOf(client);
  if (status === "I" || status === null) return { usable: true, dirty: false };
  try {
    await client.query("ROLLBACK");
    return { usable: statusOf(client) === "I", dirty: true };
  } catch {
    return { usable: false, dirty: true };
  }
}

/** `I` idle, `T` in a transaction, `E` in a failed one; null before its first answer. */
function statusOf(client: PooledClient): string | null {
  return client.getTransactionStatus();
}

/** A query is under way or queued. A connection that has just been opened is not ready yet either. */
function isBusy(client: PooledClient): boolean {
  if (client.readyForQuery === true) return false;
  return client.readyForQuery === false || (client._queryQueue?.length ?? 0) > 0;
}

/** Resolves when every query under way has been answered, or the connection is gone. */
function settled(client: PooledClient): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      client.off("drain", done);
      client.off("end", done);
      resolve();
    };
    client.once("drain", done);
    client.once("end", done);
  });
}
