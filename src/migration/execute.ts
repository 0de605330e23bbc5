/**
 * Runs the steps of a plan on the session that holds the lock. Every statement runs under exactly
 * the timeouts of its step. Steps about new objects share a transaction; every other one has its
 * own, so that no lock is held while waiting for the next.
 */
import type { Logger } from "../log/logger.js";
import type { Session } from "../postgres/session.js";
import type { Step } from "../schema/steps.js";
import { refuseInterrupted } from "../postgres/interrupted.js";
import { lockBudget } from "../postgres/lock-table.js";
import { runBatches } from "./backfill.js";
import type { ExecuteOptions } from "./execute-options.js";
import { findBlockers } from "./blockers.js";
import { markBackfill } from "./record.js";
import { withRetries } from "./retry.js";
import { stepFailure } from "./statement-error.js";
import { begin, NO_TIMEOUTS, timeouts } from "./transaction.js";
import { whileWatching } from "./watch.js";

/** Steps in one transaction at most; fewer where their locks would fill too much of the server's table. */
const GROUP_SIZE = 100;

/** Measured: a table of ten columns with two indexes and a foreign key. */
const LOCKS_A_STEP = 13;

/** @throws SuperviseError MIGRATION_FAILED naming the statement; DATABASE_LOST; INTERRUPTED. */
export async function execute(
  session: Session,
  steps: readonly Step[],
  options: ExecuteOptions,
): Promise<void> {
  let done = 0;
  const size = Math.min(GROUP_SIZE, Math.floor((await lockBudget(session)) / LOCKS_A_STEP));
  for (const group of groups(steps, size)) {
    const at = (step: Step) => ({ index: done + group.indexOf(step) + 1, of: steps.length });
    refuseInterrupted(options.signal, "stopped between two statements of the migration");
    for (const step of group) announce(step, at(step), options.log);
    const [first] = group;
    if (first === undefined) continue;
    if (first.backfill !== null && first.lock === "ROW EXCLUSIVE") {
      await guarded(session, first, at(first), options, () => runBatches(session, first, options));
    } else if (first.transactional) await runTransaction(session, group, at, options);
    else await runAlone(session, first, at(first), options);
    done += group.length;
  }
}

function groups(steps: readonly Step[], size: number): Step[][] {
  const result: Step[][] = [];
  for (const step of steps) {
    const open = result.at(-1);
    const joins = step.grouped && open?.[0]?.grouped === true && open.length < size;
    if (joins) open.push(step);
    else result.push([step]);
  }
  return result;
}

interface At {
  readonly index: number;
  readonly of: number;
}

function announce(step: Step, at: At, log: Logger): void {
  const object = step.table === null ? step.object : `${step.table}.${step.object}`;
  const name = step.object === step.table ? step.object : object;
  log.event("info", "migrate.step", `${step.operation} ${name} (${at.index} of ${at.of})`, {
    operation: step.operation,
    table: step.table,
    object: step.object,
    sql: step.sql,
    lock: step.lock,
    rewrites: step.rewrites,
  });
}

async function runTransaction(
  session: Session,
  group: readonly Step[],
  at: (step: Step) => At,
  options: ExecuteOptions,
): Promise<void> {
  let current = group[0];
  const [first] = group;
  if (first === undefined || current === undefined) return;
  const attempt = async (): Promise<void> => {
    await session.query(begin(options.namespace, first.timeouts));
    for (const step of group) {
      current = step;
      if (step !== first) await session.query(timeouts(step.timeouts, "set local"));
      await session.query(step.sql);
      if (step.backfill !== null) await markBackfill(session, options.recordId, step.backfill);
    }
    await session.query("commit");
  };
  try {
    await withRetries(session, retryOptions(session, first, options), async () => {
      try {
        await attempt();
      } catch (error) {
        if (!session.lost.aborted) await session.query("rollback");
        throw error;
      }
    });
  } catch (error) {
    await cleanUp(session, current, options);
    throw stepFailure(session, error, current, at(current));
  }
}

/** A statement that takes no transaction around it: the timeouts are the session's for its time. */
async function runAlone(
  session: Session,
  step: Step,
  at: At,
  options: ExecuteOptions,
): Promise<void> {
  await guarded(session, step, at, options, () =>
    withRetries(session, retryOptions(session, step, options), async () => {
      await session.query(timeouts(step.timeouts, "set"));
      try {
        await whileWatching(session, step, options, () => session.query(step.sql));
      } catch (error) {
        if (!session.lost.aborted) {
          await session.query(NO_TIMEOUTS);
          await cleanUp(session, step, options);
        }
        throw error;
      }
      await session.query(NO_TIMEOUTS);
    }),
  );
}

async function guarded(
  session: Session,
  step: Step,
  at: At,
  options: ExecuteOptions,
  run: () => Promise<unknown>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    refuseInterrupted(options.signal, `stopped during ${step.operation} ${step.object}`);
    throw stepFailure(session, error, step, at);
  }
}

function retryOptions(session: Session, step: Step, options: ExecuteOptions) {
  return {
    log: options.log,
    signal: options.signal,
    limitMs: options.retryMs,
    what: `${step.operation} ${step.object}`,
    blockers: () => findBlockers(session, step.sql),
  };
}

/**
 * Who asks the program to stop is not kept waiting by whoever the clean-up waits for: an invalid
 * index is left to the next run then.
 */
const CLEAN_UP_MS = 2_000;

/** Takes back what a failed statement left behind; a failure here is logged, the first one counts. */
async function cleanUp(session: Session, step: Step, options: ExecuteOptions): Promise<void> {
  for (const sql of step.cleanup) {
    if (isLost(session)) return;
    try {
      await withRetries(
        session,
        { ...retryOptions(session, step, options), signal: undefined },
        async () => {
          const statementMs = options.signal?.aborted === true ? CLEAN_UP_MS : 0;
          await session.query(timeouts({ lockMs: step.timeouts.lockMs, statementMs }, "set"));
          await session.query(sql);
        },
      );
    } catch (error) {
      options.log.warn(`could not clean up after a failed statement; the next run does: ${sql}`, {
        error: error instanceof Error ? error.message : String(error),
      });
    }
    if (!isLost(session)) await session.query(NO_TIMEOUTS);
  }
}

/** Asked anew each time: the connection may go while a statement runs. */
const isLost = (session: Session): boolean => session.lost.aborted;
