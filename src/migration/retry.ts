/** Trying a transaction again when another session was in the way. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../log/logger.js";
import { refuseInterrupted } from "../postgres/interrupted.js";
import type { Session } from "../postgres/session.js";
import { isRetryable } from "../postgres/sqlstate.js";
import { describeBlockers, type Blocker } from "./blockers.js";

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 1_000;

export interface RetryOptions {
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the last failure is final. There is never a try without its timeout. */
  readonly limitMs: number;
  /** For the log: what is tried. */
  readonly what: string;
  /** Who holds the lock now. */
  readonly blockers: () => Promise<readonly Blocker[]>;
}

/** `attempt` leaves no transaction open when it throws. */
export async function withRetries<T>(
  session: Session,
  options: RetryOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  for (let tries = 1; ; tries += 1) {
    refuseInterrupted(options.signal, `stopped before ${options.what}`);
    try {
      return await attempt();
    } catch (error) {
      if (session.lost.aborted) throw session.lost.reason;
      const waited = Math.round(performance.now() - started);
      if (!isRetryable(error) || waited >= options.limitMs) throw error;
      const blockers = await options.blockers();
      options.log.event(
        "info",
        "migrate.retry",
        `${options.what} gave way to ${describeBlockers(blockers)}; trying again`,
        { tries, waited_ms: waited, blockers },
      );
      await pause(delay(tries), session.lost, options.signal);
    }
  }
}

/** Full jitter around a growing mean, so that two do not meet again and again. */
function delay(tries: number): number {
  const mean = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 1.5 ** Math.min(tries - 1, 20));
  return mean * (0.5 + Math.random());
}

async function pause(ms: number, lost: AbortSignal, signal?: AbortSignal): Promise<void> {
  const either = AbortSignal.any(signal === undefined ? [lost] : [lost, signal]);
  try {
    await sleep(ms, undefined, { signal: either });
  } catch (error) {
    if (!either.aborted) throw error;
  }
}
