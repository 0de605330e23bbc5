/** Runs revisions up or down, and records each in the transaction that it runs in. */
import pg from "pg";
import type { Config } from "../../config/config.js";
import { SuperviseError } from "../../errors.js";
import type { Logger } from "../../log/logger.js";
import type { Session } from "../../postgres/session.js";
import { id, qualified } from "../../schema/names.js";
import { lineAt } from "../../schema/position.js";
import { findBuilders } from "../live-builds.js";
import { withRetries } from "../retry.js";
import { refuseInterrupted } from "../../postgres/interrupted.js";
import type { Revision, Section } from "./file.js";
import { openProgress, type Progress } from "./progress.js";
import { splitSection, unitsOf, type RevisionStatement, type Unit } from "./statements.js";

export interface RunOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
}

type Direction = "up" | "down";

/** @throws SuperviseError REVISION_INVALID before it runs, REVISION_FAILED with file, statement and line. */
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
    what: `the revision ${revision.version}_${revision.name} has no down section`,
    where: revision.file,
    remedy: "it cannot be undone; write a new revision that goes forward",
  });
}

const settings = ({ config }: RunOptions, set: string, lockMs: number): string =>
  `${set} search_path = ${id(config.database.namespace)}, public; ${set} lock_timeout = ${lockMs}; ${set} statement_timeout = 0`;

function retries(revision: Revision, { config, log, signal }: RunOptions) {
  return {
    log,
    signal,
    limitMs: config.migrate.lockWaitMs,
    what: `revision ${revision.version}`,
    blockers: () => Promise.resolve([]),
  };
}

async function inTransaction(
  session: Session,
  revision: Revision,
  statements: readonly RevisionStatement[],
  options: RunOptions,
  record: () => Promise<void>,
): Promise<void> {
  const { lockTimeoutMs } = options.config.migrate;
  let at = 0;
  try {
    await withRetries(session, retries(revision, options), async () => {
      try {
        at = 0;
        await session.query(`begin read write; ${settings(options, "set local", lockTimeoutMs)}`);
        for (const statement of statements) {
          await session.query(statement.sql);
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
      await withRetries(session, retries(revision, options), () =>
        runUnit(session, unit, options, progress, (index) => {
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
  unit: Unit,
  options: RunOptions,
  progress: Progress,
  reached: (index: number) => void,
): Promise<void> {
  const [first] = unit;
  const lockMs = first?.unhurried === true ? 0 : options.config.migrate.lockTimeoutMs;
  await session.query(settings(options, "set", lockMs));
  if (first !== undefined) await dropInvalid(session, first, options);
  try {
    for (const [index, statement] of unit.entries()) {
      reached(index);
      if (statement.control === "end") await progress.note(unit);
      await session.query(statement.sql);
    }
  } catch (error) {
    if (!session.lost.aborted) {
      if (unit.length > 1) await session.query("rollback");
      else if (first !== undefined) await dropInvalid(session, first, options);
    }
    throw error;
  }
  if (unit.length === 1) await progress.note(unit);
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
  { config }: RunOptions,
  durationMs: number,
): Promise<void> {
  const { namespace } = config.database;
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
}

function failure(
  session: Session,
  error: unknown,
  revision: Revision,
  statements: readonly RevisionStatement[],
  at: number,
  kept: string,
): unknown {
  if (session.lost.aborted) return session.lost.reason;
  if (!(error instanceof pg.DatabaseError)) return error;
  const statement = statements[at];
  const inside = error.position === undefined ? 0 : Number(error.position) - 1;
  const line =
    statement === undefined ? revision.up.line : statement.line + lineAt(statement.sql, inside) - 1;
  const more = [error.detail, error.hint].flatMap((text) => text ?? []);
  const position = error.position === undefined ? "" : ` at character ${error.position}`;
  return new SuperviseError("REVISION_FAILED", {
    what: `revision ${revision.version}_${revision.name}, statement ${at + 1} of ${statements.length}${position}: ${error.message}`,
    where: `${revision.file}:${line}`,
    remedy: [...more, `correct it and run it again; ${kept}`].join(". "),
    cause: error,
  });
}
