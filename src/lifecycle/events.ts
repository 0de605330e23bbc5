/** What can happen to the supervisor, and what it can do about it. Both are plain data. */
import type { Fields, Level, LogEvent } from "../log/logger.js";
import type { Failure, Settings } from "./state.js";

export type Event =
  /** The database is ready: fork the first generation. */
  | { readonly type: "begin" }
  | { readonly type: "worker.loaded"; readonly key: number }
  | { readonly type: "worker.ready"; readonly key: number }
  /** It said what is wrong with it; its end follows. */
  | { readonly type: "worker.failed"; readonly key: number; readonly failure: Failure }
  | {
      readonly type: "worker.exited";
      readonly key: number;
      readonly code: number | null;
      readonly signal: string | null;
      /** Its last words, when it reported no failure itself. */
      readonly lastWords: string;
    }
  | { readonly type: "worker.hung"; readonly key: number; readonly fields: Fields }
  | { readonly type: "worker.oversized"; readonly key: number; readonly rssBytes: number }
  /** Somebody sent this one worker a TERM. */
  | { readonly type: "worker.asked"; readonly key: number; readonly signal: string }
  | { readonly type: "stop"; readonly reason: string }
  | { readonly type: "stop-now"; readonly reason: string }
  | { readonly type: "reload"; readonly id: number; readonly parallel: number }
  | { readonly type: "reload.prepared"; readonly settings: Settings }
  | { readonly type: "reload.refused"; readonly reason: string; readonly details?: string }
  | { readonly type: "scale"; readonly id: number; readonly workers: number }
  /** A deadline of the state has passed. */
  | { readonly type: "tick" };

export type Effect =
  /** Slot 0 forks a spare. */
  | {
      readonly do: "fork";
      readonly key: number;
      readonly slot: number;
      readonly generation: number;
      readonly restarts: number;
    }
  | {
      readonly do: "promote";
      readonly key: number;
      readonly slot: number;
      readonly restarts: number;
    }
  | { readonly do: "drain"; readonly key: number }
  | { readonly do: "kill"; readonly key: number }
  /** Read the configuration, verify the pin, run the migrations; ends in prepared or refused. */
  | { readonly do: "prepare" }
  /** The answer to a reload or a scaling. */
  | { readonly do: "answer"; readonly id: number; readonly reason: string | null }
  /** All workers of the first generation are ready. */
  | { readonly do: "announce" }
  /** The end: nothing is left to supervise. */
  | { readonly do: "end"; readonly failure: Failure | null }
  | {
      readonly do: "log";
      readonly level: Level;
      readonly event: LogEvent;
      readonly msg: string;
      /** The worker that it is about; its slot and pid are added to the line. */
      readonly key?: number;
      readonly fields?: Fields;
    };
