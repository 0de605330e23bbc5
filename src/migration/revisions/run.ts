/** Runs revisions up or down, and records each in the transaction that it runs in. */
import type { Config } from "../../config/config.js";
import { SuperviseError } from "../../errors.js";
import type { Logger } from "../../log/logger.js";
import type { Session } from "../../postgres/session.js";
import { qualified } from "../../schema/names.js";
import type { Timeouts } from "../../schema/steps.js";
import { findBlockers } from "../blockers.js";
import { findBuilders } from "../live-builds.js";
import { withRetries } from "../retry.js";
import { begin, searchPath, timeouts } from "../transaction.js";
import { refuseInterrupted } from "../../postgres/interrupted.js";
import { failure } from "./failure.js";
import type { Revision, Section } from "./file.js";
import { forgetFounding, placeOf, runUnlessDone, type Founding } from "./founding.js";
import { openProgress, type Progress } from "./progress.js";
import { splitSection, unitsOf, type RevisionStatement, type Unit } from "./statements.js";

export interface RunOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Revisions whose work may be done, because the schema files came first (founding.ts). */
  readonly founding?: Founding | undefined;
}

type Direction = "up" | "down";

/** @throws SuperviseError REVISION_INVALID before it runs; with file, statement and line what failure.ts says. */
export async function runRevision(
  session: Session,
  revision: Revision,
  direction: Direction,
  options: RunOptions,
): Promise<void> {
  const section = sectionOf(revision, direction);
  const statements = await splitSection(revision, section);
  refuseInterrupted(options.signal, `stopped before revision ${revision.version}`);
  options.log.event(
    "info",
    "migrate.step",
    `revision ${revision.version}_${revision.name} ${direction}`,
    { operation: "revision", version: revision.version, name: revision.name, direction },
  );
  const started = performance.now();
  const record = () => mark(session, revision, direction, options, performance.now() - started);
  try {
    if (section.transaction) await inTransaction(session, revision, statements, options, record);
    else await oneByOne(session, revision, direction, statements, options, record);
  } finally {
    // A revision may have changed settings of the session; they end with it.
    if (!session.lost.aborted) {
      await session.query("reset all");
      await session.settle();
    }
  }
}

export function sectionOf(revision: Revision, direction: Direction): Section {
  const section = direction === "up" ? revision.up : revision.down;
  if (section !== null) return section;
  throw new SuperviseError("REVISION_INVALID", {
    what: `the revision ${revision.version}_${revision.name} has no down section with a statement in it`,
    where: revision.file,
    remedy:
      "write a new revision that goes forward; or undo it by hand and say so: supervise db stamp TARGET",
  });
}

/** A revision's statements take the time that they need, but never wait long for a lock. */
const limits = ({ config }: RunOptions): Timeouts => ({
  lockMs: config.migrate.lockTimeoutMs,
  statementMs: 0,
});

/** `statement` is the one that was in the way of another session's lock. */
function retries(
  session: Session,
  revision: Revision,
  { config, log, signal }: RunOptions,
  statement: () => RevisionStatement | undefined,
) {
  return {
    log,
    signal,
    limitMs: config.migrate.lockWaitMs,
    what: `revision ${revision.version}_${revision.name}`,
    blockers: () => findBlockers(session, statement()?.sql),
  };
}

async function inTransaction(
  session: Session,
  revision: Revision,
  statements: readonly RevisionStatement[],
  options: RunOptions,
  record: () => Promise<void>,
): Promise<void> {
  let at = 0;
  try {
    const retrying = retries(session, revision, options, () => statements[at]);
    await withRetries(session, retrying, async () => {
      try {
        at = 0;
        await session.query(begin(options.config.database.namespace, limits(options)));
        for (const statement of statements) {
          await runStatement(session, revision, statement, options, true);
          at += 1;
        }
        await record();
        await session.query("commit");
      } catch (error) {
        if (!session.lost.aborted) await session.query("rollback");
        throw error;
      }
    });
  } catch (error) {
    throw failure(session, error, revision, statements, at, "nothing of it was kept");
  }
}

/** Goes on behind what an earlier run has done. */
async function oneByOne(
  session: Session,
  revision: Revision,
  direction: Direction,
  statements: readonly RevisionStatement[],
  options: RunOptions,
  record: () => Promise<void>,
): Promise<void> {
  const { namespace } = options.config.database;
  const units = unitsOf(statements, revision);
  const progress = await openProgress(session, namespace, revision, direction, statements);
  let at = 0;
  try {
    for (const unit of units) {
      const start = at;
      at += unit.length;
      if (at <= progress.done) continue;
      at = start;
      const retrying = retries(session, revision, options, () => statements[at]);
      await withRetries(session, retrying, () =>
        runUnit(session, revision, unit, options, progress, (index) => {
          at = start + index;
        }),
      );
      at = start + unit.length;
    }
    await session.query("begin read write");
    await progress.clear();
    await record();
    await session.query("commit");
  } catch (error) {
    const kept =
      at === 0 ? "nothing of it was kept" : `what ran before it was kept, and is not run again`;
    throw failure(session, error, revision, statements, at, kept);
  }
}

/** What has run is noted in the unit's own transaction where it is one. */
async function runUnit(
  session: Session,
  revision: Revision,
  unit: Unit,
  options: RunOptions,
  progress: Progress,
  reached: (index: number) => void,
): Promise<void> {
  const [first] = unit;
  const { lockMs, statementMs } = limits(options);
  const patience = { lockMs: first?.unhurried === true ? 0 : lockMs, statementMs };
  await session.query(
    `${timeouts(patience, "set")}; set search_path = ${searchPath(options.config.database.namespace)}`,
  );
  if (first !== undefined) await dropInvalid(session, first, options);
  const alone = unit.length === 1;
  // Rows are written and noted together, so that a kill never has them written twice.
  const together = alone && first?.writesRows === true;
  const resumed = alone && !together && first !== undefined && progress.begun === first.sql;
  if (alone && !together && first !== undefined) await progress.begin(first);
  try {
    if (together) await session.query("begin read write");
    for (const [index, statement] of unit.entries()) {
      reached(index);
      if (statement.control === "end") await progress.note(unit);
      if (resumed && !statement.done.ifGone) {
        await runUnlessDone(session, statement, new Set(), false);
        continue;
      }
      await runStatement(session, revision, statement, options, together || unit.length > 1);
    }
    if (together) {
      await progress.note(unit);
      await session.query("commit");
    }
  } catch (error) {
    if (!session.lost.aborted) {
      if (together || unit.length > 1) await session.query("rollback");
      else if (first !== undefined) await dropInvalid(session, first, options);
      if (alone && !together) await progress.abandon();
    }
    throw error;
  }
  if (alone && !together) await progress.note(unit);
}

async function runStatement(
  session: Session,
  { version, name, file }: Revision,
  statement: RevisionStatement,
  { founding, log }: RunOptions,
  inTransaction: boolean,
): Promise<void> {
  const { sql, line, done, parts } = statement;
  const mayBeDone = done.states.size > 0 || parts.length > 0;
  if (!mayBeDone || founding?.versions.has(version) !== true) {
    await session.query(sql);
  } else if (founding.renamedLater.has(placeOf(version, statement))) {
    log.info(`revision ${version}_${name}: what has this name came later (${file}:${line})`, {
      sql,
    });
  } else if (!(await runUnlessDone(session, statement, founding.gone, inTransaction))) {
    const why = done.ifGone
      ? "names what a revision takes away, and the schema files never had it"
      : "the schema files have done this already";
    const text = `revision ${version}_${name}: ${why} (${file}:${line})`;
    if (done.ifGone) log.warn(text, { sql });
    else log.info(text, { sql });
  }
}

/**
 * What a failed or killed concurrent build leaves behind would make `IF NOT EXISTS` skip it for
 * ever, or be in the way.
 */
async function dropInvalid(
  session: Session,
  { builds }: RevisionStatement,
  { config }: RunOptions,
): Promise<void> {
  if (builds === null || session.lost.aborted) return;
  const name = qualified(config.database.namespace, builds);
  const [row] = await session.query(
    `select from pg_index where indexrelid = to_regclass($1) and not indisvalid`,
    [name],
  );
  if (row === undefined || (await findBuilders(session, config.database.namespace)).length > 0)
    return;
  // No lock timeout: it waits without holding anyone up.
  await session.query("set lock_timeout = 0");
  await session.query(`drop index concurrently if exists ${name}`);
}

async function mark(
  session: Session,
  revision: Revision,
  direction: Direction,
  { config, founding }: RunOptions,
  durationMs: number,
): Promise<void> {
  const { namespace } = config.database;
  // The revision may have gone on as another role.
  await session.query("reset session authorization; reset role");
  if (direction === "down") {
    await session.query("delete from dazzle.revision where namespace = $1 and version = $2", [
      namespace,
      revision.version,
    ]);
    return;
  }
  await session.query(
    `insert into dazzle.revision (namespace, version, name, checksum, duration_ms)
     values ($1, $2, $3, $4, $5)`,
    [namespace, revision.version, revision.name, revision.checksum, Math.round(durationMs)],
  );
  if (founding?.versions.has(revision.version) === true) {
    await forgetFounding(session, namespace, revision.version);
  }
}
