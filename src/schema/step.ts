/** Makes a Step from what differs from the usual: a short statement that touches nothing in use. */
import type { Facts, Step } from "./steps.js";

/**
 * Milliseconds that a statement may run which only changes the catalog. Measured: under 5 ms. One
 * that takes longer holds its lock longer than anyone should wait.
 */
const SHORT_MS = 5_000;

type Parts = Pick<Step, "operation" | "object" | "sql"> &
  Partial<Step> & {
    /** Replaces the lock timeout; 0 = wait without end, for what holds nobody up while it waits. */
    readonly lockMs?: number;
    readonly statementMs?: number;
  };

export function step(facts: Facts, parts: Parts): Step {
  const { lockMs = facts.lockTimeoutMs, statementMs = SHORT_MS, ...rest } = parts;
  return {
    table: null,
    lock: "NONE",
    rewrites: false,
    transactional: true,
    grouped: false,
    work: null,
    cleanup: [],
    backfill: null,
    timeouts: { lockMs, statementMs },
    ...rest,
  };
}
