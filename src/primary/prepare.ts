/**
 * What comes before workers may run, and again before each reload: pin, database, lock, migrations,
 * budget. One function a step, in the order of the contract.
 */
import { basename, extname } from "node:path";
import { settleUploads } from "../backup/settle.js";
import { findEntry } from "../config/entry.js";
import type { Config } from "../config/config.js";
import type { ResolvedConfig } from "../config/load.js";
import { SuperviseError } from "../errors.js";
import { fleetDemand } from "../fleet/instance.js";
import type { Fields, Logger } from "../log/logger.js";
import { applyMigration } from "../migration/migrate.js";
import { verifyPin } from "../pin/verify.js";
import { decideBudget, readCapacity, type BudgetVerdict } from "../postgres/budget.js";
import { connectWithBackoff } from "../postgres/connect.js";
import { startEmbedded, type Embedded } from "../postgres/embedded.js";
import { acquireLock } from "../postgres/lock.js";
import { refusePooler } from "../postgres/pooler.js";
import type { Session } from "../postgres/session.js";
import { parseDatabaseUrl } from "../postgres/url.js";

/** @throws SuperviseError PIN_MISMATCH or PIN_INVALID, before anything is connected. */
export async function checkPin(resolved: ResolvedConfig, log: Logger): Promise<void> {
  try {
    const {
      installed,
      constraint,
      package: name,
    } = await verifyPin(resolved.config, resolved.settings);
    log.event(
      "info",
      "pin.verified",
      constraint === null ? `no pin on ${name}` : `${name} ${installed ?? ""} fits ${constraint}`,
      { package: name, installed, constraint },
    );
  } catch (error) {
    if (error instanceof SuperviseError && error.code === "PIN_MISMATCH") {
      log.event("error", "pin.mismatch", error.message, {});
    }
    throw error;
  }
}

const TYPESCRIPT = [".ts", ".mts", ".cts"];

/** @throws SuperviseError ENTRY_NOT_FOUND; CONFIG_INVALID for TypeScript that this Node can't run. */
export function checkEntry(config: Config): void {
  const path = findEntry(config);
  const strips = "typescript" in process.features && process.features.typescript !== false;
  if (TYPESCRIPT.includes(extname(path)) && !strips) {
    throw new SuperviseError("CONFIG_INVALID", {
      what: `${basename(path)} is TypeScript, which Node ${process.versions.node} does not run`,
      where: path,
      remedy: "use Node 22.18 or later, or compile it and name the JavaScript file",
    });
  }
}

/** The database to use, with the embedded server when it was started for it. */
export interface Found {
  readonly config: Config;
  readonly embedded: Embedded | null;
}

/** @throws SuperviseError DATABASE_MISSING where the profile allows no embedded server. */
export async function findDatabase(
  config: Config,
  running: Embedded | null,
  log: Logger,
): Promise<Found> {
  if (config.database.url !== null) return { config, embedded: running };
  if (!config.features.embeddedPostgres) {
    throw new SuperviseError("DATABASE_MISSING", {
      what: `no database is configured and ${config.env} starts none of its own`,
      remedy: "set DATABASE_URL",
    });
  }
  const embedded = running ?? (await startEmbedded({ root: config.root, log }));
  return { config: { ...config, database: { ...config.database, url: embedded.url } }, embedded };
}

/** A dedicated session, on the direct URL where there is one. */
export async function connect(config: Config, log: Logger, signal: AbortSignal): Promise<Session> {
  const session = await connectWithBackoff(config.database.directUrl ?? config.database.url ?? "", {
    applicationName: `${config.project.name}/supervisor`,
    log,
    signal,
  });
  try {
    await refusePooler(session);
    return session;
  } catch (error) {
    await session.end();
    throw error;
  }
}

/** Lock, plan, apply, release. */
export async function migrate(
  session: Session,
  config: Config,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (!config.migrate.onStart) return;
  const lock = await acquireLock(session, {
    project: config.project.name,
    namespace: config.database.namespace,
    waitMs: config.migrate.lockWaitMs,
    log,
    signal,
  });
  try {
    await applyMigration(session, config, log, { signal });
  } finally {
    await lock.release();
  }
}

/**
 * The machine may have gone down in the middle of a restore: then the uploads are made to belong to the
 * rows again before anybody sees them. What cannot be settled is said, and the application runs.
 */
export async function settleRestore(
  session: Session,
  config: Config,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const url = config.database.directUrl ?? config.database.url ?? "";
  try {
    await settleUploads({ config, log, url, session, signal }, false);
  } catch (error) {
    if (signal.aborted || session.lost.aborted) throw error;
    log.warn(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param instance this supervisor's own name in the fleet
 * @throws SuperviseError BUDGET_EXCEEDED in production when the pools can't fit.
 */
export async function checkBudget(
  session: Session,
  config: Config,
  workers: number,
  instance: string,
  log: Logger,
): Promise<BudgetVerdict> {
  const capacity = await readCapacity(session, poolRole(config));
  const verdict = decideBudget(capacity, {
    workers,
    poolMax: config.pool.max,
    project: config.project.name,
    fleet: await fleetDemand(session, instance),
  });
  const fields = budgetFields(verdict, workers, config.pool.max);
  if (verdict.status === "ok") {
    log.event("info", "budget.ok", verdict.message, fields);
    return verdict;
  }
  log.event("warn", "budget.exceeded", verdict.message, fields);
  if (verdict.status === "exceeded" && config.env === "production" && !config.pool.overcommit) {
    throw new SuperviseError("BUDGET_EXCEEDED", {
      what: verdict.message,
      remedy: `set DAZZLE_DB_POOL_MAX to at most ${verdict.largestPoolMax}, use fewer workers, or set [pool] overcommit = true`,
    });
  }
  return verdict;
}

/** The numbers of a verdict, as the log shows them. */
/** Locks and DDL may go through `direct_url` as another role than the pools connect as. */
export const poolRole = ({ database: { url } }: Config): string | undefined =>
  url === null ? undefined : parseDatabaseUrl(url).user;

export const budgetFields = (verdict: BudgetVerdict, workers: number, poolMax: number): Fields => ({
  workers,
  pool_max: poolMax,
  demand: verdict.demand,
  capacity: verdict.capacity,
  max_connections: verdict.maxConnections,
  reserved: verdict.reserved,
  others: verdict.others,
  available: verdict.available,
  largest_pool_max: verdict.largestPoolMax,
});
