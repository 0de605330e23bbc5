/**
 * A connection given back inside a transaction would hand the next caller that transaction, its
 * locks and its settings. It is rolled back first. A query that is still under way (a COMMIT that
 * nobody awaited) is let finish before its outcome is judged.
 */
import type { PooledClient } from "./internals.js";

/** True when the connection can go to the next caller as it is. */
export function isClean(client: PooledClient): boolean {
  return statusOf(client) === "I" && !isBusy(client);
}

/** Brings the connection out of its transaction; false when it has to be closed. */
export async function clean(client: PooledClient): Promise<{ usable: boolean; dirty: boolean }> {
  if (isBusy(client)) await settled(client);
  const status = statusOf(client);
  if (status === "I") return { usable: true, dirty: false };
  try {
    await client.query("ROLLBACK");
    return { usable: statusOf(client) === "I", dirty: true };
  } catch {
    return { usable: false, dirty: true };
  }
}

/** `I` idle, `T` in a transaction, `E` in a failed one; null when the driver does not tell. */
function statusOf(client: PooledClient): string | null {
  return client.getTransactionStatus();
}

function isBusy(client: PooledClient): boolean {
  return "readyForQuery" in client && client.readyForQuery !== true;
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
