/** How every transaction that changes something begins, and the timeouts of what runs in none. */
import { id } from "../schema/names.js";
import type { Timeouts } from "../schema/steps.js";

/**
 * A session that stands still inside a transaction, its locks held, is ended by the server after
 * this many milliseconds.
 */
const IDLE_MS = 10_000;

/** The session's own; RESET would bring back those of the role. */
export const NO_TIMEOUTS =
  "set lock_timeout = 0; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0";

/** `set local` for the transaction alone, `set` until it is set again. */
export const timeouts = ({ lockMs, statementMs }: Timeouts, set: "set" | "set local"): string =>
  `${set} lock_timeout = ${lockMs}; ${set} statement_timeout = ${statementMs}; ${set} idle_in_transaction_session_timeout = ${IDLE_MS}`;

/** Unqualified names are the namespace's; extensions may live in public. */
export const searchPath = (namespace: string): string =>
  namespace === "public" ? "public" : `${id(namespace)}, public`;

/** Read write even where the role's default is read only. */
export const begin = (namespace: string, limits: Timeouts): string =>
  `begin read write; ${timeouts(limits, "set local")}; set local search_path = ${searchPath(namespace)}`;
