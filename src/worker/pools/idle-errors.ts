/** Log lines for idle connections that ended: one for each loss, not one for each connection. */

interface Log {
  warn(msg: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Connections lost within this time of each other are one loss. */
const TOGETHER_MS = 1_000;

let pending: { readonly pools: Map<string, number>; readonly error: Error } | null = null;

/** What hears of such connections, for `log`. */
export function tellIdleErrors(log: Log): (pool: string, error: Error) => void {
  return (pool, error) => {
    if (pending === null) {
      pending = { pools: new Map(), error };
      setTimeout(() => tell(log), TOGETHER_MS).unref();
    }
    pending.pools.set(pool, (pending.pools.get(pool) ?? 0) + 1);
  };
}

function tell(log: Log): void {
  const lost = pending;
  pending = null;
  for (const [pool, count] of lost?.pools ?? []) {
    const which = count === 1 ? "an idle connection" : `${count} idle connections`;
    log.warn(
      `${which} of pool "${pool}" ended: ${lost?.error.message ?? ""}; replaced when needed`,
      {
        pool,
        connections: count,
      },
    );
  }
}
