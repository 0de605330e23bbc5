/** What the `db` commands do, beside the CLI: each returns data for it to print. */
import type { Config } from "../config/config.js";
import type { Logger } from "../log/logger.js";
import type { Session } from "../postgres/session.js";
import { applyMigration, planMigration } from "./migrate.js";
import { readState } from "./record.js";
import { createFromPlan, type CreatedRevision } from "./revisions/create.js";
import { currentVersion, type HistoryEntry } from "./revisions/history.js";
import type { RunOptions } from "./revisions/run.js";
import {
  chooseDowngrade,
  chooseUpgrade,
  readHistory,
  runAll,
  printSql,
  stamp,
} from "./revisions/upgrade.js";
import { readSchemaFiles } from "./schema-files.js";

export { createRevision, type CreatedRevision } from "./revisions/create.js";
export type { HistoryEntry } from "./revisions/history.js";

/** A revision file for each kind of unsafe change; empty when there is none. Needs no lock. */
export async function autogenerate(
  session: Session,
  config: Config,
  message: string,
  now: Date,
  log: Logger,
): Promise<CreatedRevision[]> {
  const files = readSchemaFiles(config);
  if (files === null) return [];
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
  const entries = await readHistory(session, options);
  const nothing = currentVersion(entries) === null && (await isUntouched(session, config));
  if (nothing && target === "head" && readSchemaFiles(config) !== null) {
    const { revisions } = await applyMigration(session, config, log, { signal, pending: "apply" });
    return [...revisions];
  }
  return runAll(session, await chooseUpgrade(session, target, options), "up", options);
}

async function isUntouched(session: Session, config: Config): Promise<boolean> {
  return (await readState(session, config.database.namespace)).last === null;
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
  const chosen =
    direction === "up"
      ? await chooseUpgrade(session, target, options)
      : await chooseDowngrade(session, target, options);
  return printSql(chosen, direction, options.config.database.namespace);
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
