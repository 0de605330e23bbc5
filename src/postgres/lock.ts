/**
 * The advisory lock that lets exactly one supervisor change the schema at a time.
 *
 * A waiter polls `pg_try_advisory_lock`. It never sits in `pg_advisory_lock`: that statement would
 * hold a snapshot for as long as it waits, and the holder's CREATE INDEX CONCURRENTLY waits for
 * every older snapshot, which is a deadlock. The lock belongs to the session, so it ends with it
 * whatever happens to this process. Which session may carry it is pooler.ts's concern.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SuperviseError } from "../errors.js";
import type { Logger } from "../log/logger.js";
import { formatDuration } from "../util/units.js";
import { refuseInterrupted } from "./interrupted.js";
import { describeHolder, findHolder, type Holder } from "./lock-holder.js";
import { lockKey } from "./lock-key.js";
import type { Session } from "./session.js";

export interface LockOptions {
  /** The project's name, for the log only. */
  readonly project: string;
  /** The PostgreSQL schema whose tables are to be changed. */
  readonly namespace: string;
  /** Milliseconds to wait for another holder; 0 = try once. */
  readonly waitMs: number;
  readonly log: Logger;
  readonly signal?: AbortSignal;
}

export interface HeldLock {
  readonly key: string;
  /**
   * Gives the lock up. A second call does nothing.
   *
   * @throws SuperviseError DATABASE_LOST when the session, and the lock with it, was lost before.
   */
  release(): Promise<void>;
}

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 500;
/** How often `lock.waiting` is logged. Source: the contract's main job, step 4. */
const SAY_EVERY_MS = 5_000;

/**
 * Takes the lock of `namespace` on `session`, waiting while another session holds it.
 *
 * @throws SuperviseError LOCK_TIMEOUT naming the holder when `waitMs` is over; DATABASE_LOST;
 *   CONFIG_INVALID on a standby, which grants locks but refuses every change; INTERRUPTED.
 */
export async function acquireLock(session: Session, options: LockOptions): Promise<HeldLock> {
  const key = lockKey(options.namespace);
  const waitedMs = await waitForLock(session, key, options);
  const { log, project, namespace } = options;
  const fields = { key, project, namespace };
  log.event("info", "lock.acquired", `holding the migration lock of ${namespace}`, {
    ...fields,
    backend_pid: session.backendPid,
    waited_ms: waitedMs,
  });
  const since = performance.now();
  let released: Promise<void> | null = null;
  const unlock = async (): Promise<void> => {
    refuseLost(session);
    const [row] = await session.query<{ unlocked: boolean }>(
      "select pg_advisory_unlock($1::bigint) as unlocked",
      [key],
    );
    if (row?.unlocked !== true) throw notHeld(namespace);
    log.event("info", "lock.released", `released the migration lock of ${namespace}`, {
      ...fields,
      held_ms: Math.round(performance.now() - since),
    });
  };
  return { key, release: () => (released ??= unlock()) };
}

/** Milliseconds that it took. */
async function waitForLock(session: Session, key: string, options: LockOptions): Promise<number> {
  const { waitMs, namespace, log, signal } = options;
  const started = performance.now();
  let sayAt = 0;
  for (let attempt = 1; ; attempt += 1) {
    refuseInterrupted(signal, "stopped while waiting for the migration lock");
    refuseLost(session);
    if (await tryLock(session, key)) return Math.round(performance.now() - started);
    const waited = performance.now() - started;
    if (waited >= waitMs) throw timedOut(await findHolder(session, key), namespace, waited);
    if (waited >= sayAt) {
      sayAt = waited + SAY_EVERY_MS;
      sayWaiting(log, await findHolder(session, key), key, namespace, waited);
    }
    await pause(Math.min(backoff(attempt), Math.max(waitMs - waited, 1)), session.lost, signal);
  }
}

async function tryLock(session: Session, key: string): Promise<boolean> {
  const [row] = await session.query<{ locked: boolean; standby: boolean }>(
    `select case when pg_is_in_recovery() then false else pg_try_advisory_lock($1::bigint) end
       as locked, pg_is_in_recovery() as standby`,
    [key],
  );
  if (row?.standby === true) throw standby();
  return row?.locked === true;
}

function sayWaiting(
  log: Logger,
  holder: Holder | null,
  key: string,
  namespace: string,
  waitedMs: number,
): void {
  const waited = formatDuration(Math.round(waitedMs));
  log.event(
    "info",
    "lock.waiting",
    `waiting ${waited} for the migration lock of ${namespace}, held by ${describeHolder(holder)}`,
    { key, namespace, waited_ms: Math.round(waitedMs), holder },
  );
}

/** Full jitter around a growing mean, so that a dozen waiters do not ask in step. */
function backoff(attempt: number): number {
  const mean = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 1.5 ** Math.min(attempt - 1, 20));
  return mean * (0.5 + Math.random() * 0.5);
}

/** Ends early, and without a word, when the session is lost or the caller gives up. */
async function pause(ms: number, lost: AbortSignal, signal?: AbortSignal): Promise<void> {
  const either = AbortSignal.any(signal === undefined ? [lost] : [lost, signal]);
  try {
    await sleep(ms, undefined, { signal: either });
  } catch (error) {
    if (!either.aborted) throw error;
  }
}

function refuseLost(session: Session): void {
  if (session.lost.aborted) throw session.lost.reason;
}

function timedOut(holder: Holder | null, namespace: string, waitedMs: number): SuperviseError {
  const waited = formatDuration(Math.round(waitedMs));
  const end =
    holder === null ? "" : `, or end the holder: select pg_terminate_backend(${holder.pid})`;
  return new SuperviseError("LOCK_TIMEOUT", {
    what: `the migration lock of ${namespace} was not free within ${waited}; held by ${describeHolder(holder)}`,
    where: "[migrate] lock_wait",
    remedy: `try again, wait longer${end}`,
  });
}

/** For whoever finds out without the lock. */
export function standby(): SuperviseError {
  return new SuperviseError("CONFIG_INVALID", {
    what: "this database is a standby and refuses every change",
    where: "DATABASE_URL or DATABASE_DIRECT_URL",
    remedy: "connect to the primary",
  });
}

function notHeld(namespace: string): SuperviseError {
  return new SuperviseError("DATABASE_LOST", {
    what: `the migration lock of ${namespace} was gone when it was to be released`,
    remedy:
      "something between here and the server shares connections: set DATABASE_DIRECT_URL to the server itself",
  });
}
