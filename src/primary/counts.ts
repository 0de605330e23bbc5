/** What has happened since the start, for metrics. */
import type { Effect } from "../lifecycle/events.js";

export interface Counts {
  /** Unexpected ends of workers by reason: a handful of words, so the label stays bounded. */
  readonly restarts: Readonly<Record<string, number>>;
  readonly reloads: { readonly done: number; readonly abandoned: number };
  note(line: Extract<Effect, { do: "log" }>): void;
}

export function createCounts(): Counts {
  const restarts: Record<string, number> = {};
  const reloads = { done: 0, abandoned: 0 };
  return {
    restarts,
    reloads,
    note: ({ event, fields }) => {
      if (event === "reload.done") reloads.done += 1;
      if (event === "reload.abandoned") reloads.abandoned += 1;
      if (event !== "worker.exit" || fields?.["expected"] !== false) return;
      const reason = String(fields["reason"]);
      restarts[reason] = (restarts[reason] ?? 0) + 1;
    },
  };
}
