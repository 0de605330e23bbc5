/**
 * What signals mean to a worker. They are for the primary: a terminal or a platform that signals the
 * whole process group reaches the workers too, and there they must neither kill nor start the
 * application's own shutdown while requests are in flight. So signals are kept from the application until its
 * connections are drained; then its own listeners get their SIGTERM.
 */

const KEPT = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGTTIN", "SIGTTOU"] as const;

/** These, sent to one worker alone, ask for a graceful replacement of that worker. */
const ASKING: readonly string[] = ["SIGTERM", "SIGINT"];

export interface SignalGuard {
  /** Gives SIGTERM to the application's listeners; false when it has none. */
  release(): boolean;
}

/** Call it before the application is loaded. `asked` hears of a TERM or INT to this process. */
export function guardSignals(asked: (signal: string) => void): SignalGuard {
  const kept = new Set<unknown>(KEPT);
  const emit = process.emit.bind(process);
  // Node binds process.emit to a signal's handle at the first listener, so this comes before it.
  const guarded = (event: unknown, ...rest: unknown[]): unknown => {
    if (!kept.has(event)) return Reflect.apply(emit, process, [event, ...rest]);
    if (ASKING.includes(String(event))) asked(String(event));
    return true;
  };
  Object.assign(process, { emit: guarded });
  const own = () => undefined;
  for (const signal of KEPT) process.on(signal, own);
  return {
    release: () => {
      const mine = process.listeners("SIGTERM").filter((listener) => listener !== own);
      if (mine.length === 0) return false;
      emit("SIGTERM", "SIGTERM");
      return true;
    },
  };
}
