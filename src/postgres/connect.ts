/** Waiting for a database that is still starting: exponential backoff with jitter, saying so. */
import { setTimeout as sleep } from "node:timers/promises";
import { SuperviseError } from "../errors.js";
import type { Logger } from "../log/logger.js";
import { formatDuration } from "../util/units.js";
import { waitingIsUseless } from "./connect-error.js";
import { reason } from "./reason.js";
import { refuseInterrupted } from "./interrupted.js";
import { openSession, type Session } from "./session.js";
import { describeTarget, parseDatabaseUrl } from "./url.js";

export interface ConnectOptions {
  readonly applicationName: string;
  readonly log: Logger;
  /** Milliseconds until it gives up. Default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const STOPPED = "stopped while waiting for the database";
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;
/** How often `database.waiting` is logged while nothing changes. */
const SAY_EVERY_MS = 3_000;

/**
 * Opens a session as soon as the database accepts one. Logs `database.waiting` while it does not
 * and `database.connected` once it does.
 *
 * @throws SuperviseError DATABASE_UNREACHABLE when `timeoutMs` is over, and at once for what
 *   waiting cannot cure; INTERRUPTED when `signal` aborts.
 */
export async function connectWithBackoff(url: string, options: ConnectOptions): Promise<Session> {
  const { log, signal, timeoutMs = 60_000 } = options;
  const target = parseDatabaseUrl(url);
  const fields = { host: target.host, port: target.port, database: target.database };
  const started = performance.now();
  let said = -Infinity;
  for (let attempt = 1; ; attempt += 1) {
    refuseInterrupted(signal, STOPPED);
    const left = timeoutMs - (performance.now() - started);
    const tried = await attemptOnce(url, options, Math.max(left, 100));
    const waited = Math.round(performance.now() - started);
    if ("session" in tried) {
      const { session } = tried;
      log.event("info", "database.connected", `connected to ${describeTarget(target)}`, {
        ...fields,
        server_version: session.serverVersion,
        backend_pid: session.backendPid,
        waited_ms: waited,
      });
      return session;
    }
    if (waitingIsUseless(tried.error)) throw tried.error;
    const delay = backoff(attempt);
    if (waited + delay >= timeoutMs) throw timedOut(tried.error, waited);
    if (waited - said >= SAY_EVERY_MS) {
      said = waited;
      const why = reason(tried.error instanceof SuperviseError ? tried.error.cause : tried.error);
      const sentence = `waiting for the database at ${describeTarget(target)}: ${why}`;
      log.event("warn", "database.waiting", sentence, {
        ...fields,
        reason: why,
        attempt,
        waited_ms: waited,
      });
    }
    await pause(delay, signal);
  }
}

async function attemptOnce(
  url: string,
  options: ConnectOptions,
  leftMs: number,
): Promise<{ session: Session } | { error: unknown }> {
  try {
    const connectTimeoutMs = Math.min(10_000, Math.ceil(leftMs));
    const { applicationName, log } = options;
    return { session: await openSession(url, { applicationName, log, connectTimeoutMs }) };
  } catch (error) {
    return { error };
  }
}

/** Half fixed, half random, so that many supervisors do not knock in step. */
function backoff(attempt: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10));
  return full / 2 + Math.random() * (full / 2);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    refuseInterrupted(signal, STOPPED);
    throw error;
  }
}

function timedOut(error: unknown, waitedMs: number): unknown {
  if (!(error instanceof SuperviseError)) return error;
  return new SuperviseError("DATABASE_UNREACHABLE", {
    ...error.parts,
    what: `${error.parts.what} (waited ${formatDuration(waitedMs)})`,
  });
}
