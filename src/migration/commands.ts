/** What the `db` commands do, beside the CLI: each returns data for it to print. */
import type { Config } from "../config/config.js";
import type { Logger } from "../log/logger.js";
import type { Session } from "../postgres/session.js";
import { applyMigration, isFresh, planMigration } from "./migrate.js";
import { readState } from "./record.js";
import { createFromPlan, type CreatedRevision } from "./revisions/create.js";
import {
  currentVersion,
  pendingOf,
  refuseBroken,
  refusePending,
  type HistoryEntry,
} from "./revisions/history.js";
import { printSql } from "./revisions/print.js";
import type { RunOptions } from "./revisions/run.js";
import { chooseDowngrade, chooseUpgrade, readHistory, runAll, stamp } from "./revisions/upgrade.js";
import { missingState } from "./state.js";
import { readSchemaFiles } from "./schema-files.js";

export { createRevision, type CreatedRevision } from "./revisions/create.js";
export type { HistoryEntry } from "./revisions/history.js";

/**
 * A revision file for the unsafe part of the plan; empty when there is none. Needs no lock.
 *
 * @throws SuperviseError REVISIONS_PENDING, REVISION_INVALID when the revisions there are have to be
 *   put in order first.
 */
export async function autogenerate(
  session: Session,
  config: Config,
  message: string,
  now: Date,
  log: Logger,
): Promise<CreatedRevision[]> {
  const files = readSchemaFiles(config);
  if (files === null) return [];
  const entries = await readHistory(session, { config });
  refuseBroken(entries, config.database.revisions);
  // The plan would hold once more what they are about to change.
  refusePending(pendingOf(entries));
  const { last } = await readState(session, config.database.namespace);
  const { workOut } = await import("./working-plan.js");
  const { unsafe } = await workOut(session, { config, files, last, log });
  return createFromPlan(config, message, now, unsafe);
}

/**
 * Runs pending revisions up to `target`. In a database that holds nothing yet the schema files come
 * first, because revisions build on them.
 */
export async function upgrade(
  session: Session,
  target: string,
  options: RunOptions,
): Promise<string[]> {
  const { config, log, signal } = options;
  const chosen = await chooseUpgrade(session, target, options);
  const { namespace } = config.database;
  const state = await readState(session, namespace);
  if (readSchemaFiles(config) === null || !(await isFresh(session, namespace, state))) {
    return runAll(session, chosen, "up", options);
  }
  const only = chosen.revisions.map(({ version }) => version);
  const done = await applyMigration(session, config, log, { signal, pending: "apply", only });
  return [...done.revisions];
}

export async function downgrade(
  session: Session,
  target: string,
  options: RunOptions,
): Promise<string[]> {
  return runAll(session, await chooseDowngrade(session, target, options), "down", options);
}

/** The SQL that upgrade or downgrade would run. */
export async function offline(
  session: Session,
  direction: "up" | "down",
  target: string,
  options: RunOptions,
): Promise<string> {
  const { namespace } = options.config.database;
  const { revisions } =
    direction === "up"
      ? await chooseUpgrade(session, target, options)
      : await chooseDowngrade(session, target, options);
  const missing = revisions.length === 0 ? [] : await missingState(session);
  return printSql(revisions, direction, namespace, missing);
}

export interface Verification {
  readonly current: string | null;
  readonly revisions: readonly Pick<HistoryEntry, "version" | "name" | "state">[];
  /** Statements that an apply would run, and changes left to a person. */
  readonly schema: { readonly safe: number; readonly unsafe: number };
  readonly ok: boolean;
}

/** Compares the schema files and the revisions' checksums with the database. Changes nothing. */
export async function verify(session: Session, config: Config, log: Logger): Promise<Verification> {
  const entries = await readHistory(session, { config });
  const { safe, unsafe } = await planMigration(session, config, log);
  const off = entries.filter(({ state }) => state !== "applied");
  return {
    current: currentVersion(entries),
    revisions: off.map(({ version, name, state }) => ({ version, name, state })),
    schema: { safe: safe.length, unsafe: unsafe.length },
    ok: off.length === 0 && safe.length === 0 && unsafe.length === 0,
  };
}

export { readHistory, stamp };
