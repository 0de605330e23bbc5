/** Ends what the server is at when a person does not want it any more. */
import type { Session } from "../../postgres/session.js";

async function cancel(session: Session): Promise<void> {
  const other = await session.another("supervise/cancel");
  try {
    await other.query("select pg_catalog.pg_cancel_backend($1)", [session.backendPid]);
  } finally {
    await other.end();
  }
}

/**
 * Cancels the statement that `session` runs once `signal` aborts: some take minutes (a foreign key, a
 * materialized view, a wait for a lock). Where that cannot be said to the server, the statement ends by
 * itself, and the caller with it.
 *
 * @returns stops listening
 */
export function cancelOnAbort(session: Session, signal: AbortSignal): () => void {
  const act = (): void => {
    cancel(session).catch(() => undefined);
  };
  signal.addEventListener("abort", act, { once: true });
  return () => signal.removeEventListener("abort", act);
}
