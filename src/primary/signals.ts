/** The primary's signals. A handler only hands on what was asked; the loop decides. */

export type Asked =
  | { readonly type: "stop"; readonly reason: string }
  | { readonly type: "stop-now"; readonly reason: string }
  | { readonly type: "reload" }
  | { readonly type: "more" }
  | { readonly type: "fewer" }
  | { readonly type: "reopen" }
  | { readonly type: "report" };

const MEANING: Readonly<Record<string, Asked>> = {
  SIGTERM: { type: "stop", reason: "sigterm" },
  SIGINT: { type: "stop", reason: "sigint" },
  SIGQUIT: { type: "stop-now", reason: "sigquit" },
  SIGHUP: { type: "reload" },
  SIGTTIN: { type: "more" },
  SIGTTOU: { type: "fewer" },
  SIGUSR1: { type: "reopen" },
  SIGUSR2: { type: "report" },
};

export interface Signals {
  /** Who hears of signals from now on; what came before is handed over first. */
  handTo(listener: (asked: Asked) => void): void;
  close(): void;
}

export function listenForSignals(): Signals {
  let waiting: Asked[] = [];
  let listener = (asked: Asked): void => void waiting.push(asked);
  const handlers = Object.entries(MEANING).map(([signal, asked]) => {
    const handler = () => listener(asked);
    process.on(signal, handler);
    return () => process.removeListener(signal, handler);
  });
  return {
    handTo: (next) => {
      const early = waiting;
      waiting = [];
      listener = next;
      for (const asked of early) next(asked);
    },
    close: () => {
      for (const remove of handlers) remove();
    },
  };
}
