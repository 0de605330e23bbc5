/** Pure: the times and sizes that the platforms' files have in common. */
import type { DeployFacts } from "./model.js";

/** What remains for the last acts after a drain: closing pools, the log, the exit. */
const MARGIN_S = 15;

export const seconds = (ms: number): number => Math.ceil(ms / 1_000);

/** How long a platform waits between TERM and KILL: above `shutdown_delay` and `drain_timeout` together. */
export const graceSeconds = ({ shutdownDelayMs, drainMs }: DeployFacts, extra = 0): number =>
  seconds(shutdownDelayMs + drainMs) + MARGIN_S + extra;

/** How long a start may take; a minute is for a database that starts at the same time. */
export const startSeconds = ({ startMs }: DeployFacts): number => seconds(startMs) + 60;

/** The workers of one supervisor, and the connections that it may open. */
export const workersOf = ({ workers }: DeployFacts): number => (workers === "auto" ? 2 : workers);
export const connectionsOf = (facts: DeployFacts): number => workersOf(facts) * facts.poolMax + 1;
