/**
 * Plans and applies the difference between the schema files and the database. The caller holds the
 * migration lock (postgres/lock.ts) around `applyMigration`; `planMigration` changes nothing and
 * needs no lock.
 */
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import type { Logger } from "../log/logger.js";
import type { Session } from "../postgres/session.js";
import { id } from "../schema/names.js";
import type { SchemaFile } from "../schema/source.js";
import { writeCache, type LiveSnapshot } from "./cache.js";
import { describeDatabase, toOutstanding, toSafeStep, type Plan, type SafeStep } from "./plan.js";
import {
  FORMAT,
  openRecord,
  readRecord,
  readState,
  writeRecord,
  type LastApplied,
  type Outstanding,
  type Recorded,
} from "./record.js";
import { remember } from "./remembered.js";
import { hashFiles, readSchemaFiles } from "./schema-files.js";
import { waitForBuilds } from "./live-builds.js";
import { namingGrants } from "./privileges.js";
import { ensureState, grantRemedy } from "./state.js";
import type { WorkingPlan } from "./working-plan.js";
import { readRevisions } from "./revisions/folder.js";
import type { Revision } from "./revisions/file.js";
import {
  compareHistory,
  currentVersion,
  pendingOf,
  writtenOf,
  refuseBroken,
  refusePending,
} from "./revisions/history.js";
import type { RunOptions } from "./revisions/run.js";
import { sqlstateOf, SQLSTATE } from "../postgres/sqlstate.js";
import { counted } from "../util/counted.js";

export type { Plan } from "./plan.js";

export interface MigrateOutcome {
  /** What ran, in order. */
  readonly applied: readonly SafeStep[];
  /** What is left to a person. */
  readonly unsafe: readonly Outstanding[];
  /** Versions of the revisions that ran. */
  readonly revisions: readonly string[];
}

export interface ApplyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Pending revisions: run, refused, or what the environment's profile says (the default). */
  readonly pending?: "apply" | "refuse";
  /** Of the pending revisions only these versions run. Default: all. */
  readonly only?: readonly string[] | undefined;
}

const QUIET: Logger = {
  event: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The plan, worked out anew or, when nothing has changed since the last apply, as it was left then. */
export async function planMigration(
  session: Session,
  config: Config,
  log: Logger = QUIET,
): Promise<Plan> {
  const files = readSchemaFiles(config);
  const recorded = await readRecord(session, config.database.namespace);
  const database = describeDatabase(session);
  const history = compareHistory(readRevisions(config), recorded.revisions);
  const revisions = {
    current: currentVersion(history),
    pending: pendingOf(history).map(({ version }) => version),
  };
  const finish = (safe: readonly SafeStep[], unsafe: readonly Outstanding[]): Plan => ({
    database,
    safe,
    unsafe,
    revisions,
    up_to_date: safe.length === 0 && unsafe.length === 0 && revisions.pending.length === 0,
  });
  if (files === null) return finish([], []);
  if (isUnchanged(session, recorded, files)) return finish([], recorded.last?.outstanding ?? []);
  const { workOut } = await import("./working-plan.js");
  const plan = await workOut(session, { config, files, last: recorded.last, log });
  return finish(plan.steps.map(toSafeStep), plan.unsafe.map(toOutstanding));
}

/**
 * Applies what may be applied.
 *
 * @throws SuperviseError SCHEMA_INVALID, SCHEMA_UNSUPPORTED (65), UNSAFE_REFUSED (78),
 *   MIGRATION_FAILED (65), MIGRATION_BLOCKED (75), PRIVILEGE_MISSING (78), DATABASE_LOST (69), INTERRUPTED.
 */
export function applyMigration(
  session: Session,
  config: Config,
  log: Logger,
  options: ApplyOptions = {},
): Promise<MigrateOutcome> {
  return namingGrants(session, config.database.namespace, () =>
    applyOnce(session, config, log, options),
  );
}

async function applyOnce(
  session: Session,
  config: Config,
  log: Logger,
  options: ApplyOptions,
): Promise<MigrateOutcome> {
  const files = readSchemaFiles(config);
  const { namespace } = config.database;
  const recorded = await readRecord(session, namespace);
  const entries = compareHistory(readRevisions(config), recorded.revisions);
  refuseBroken(entries, config.database.revisions);
  const refuses = (options.pending ?? config.features.pendingRevisions) === "refuse";
  const all = pendingOf(entries);
  const pending = (refuses ? all : writtenOf(all)).filter(
    ({ version }) => options.only?.includes(version) ?? true,
  );
  if (refuses) refusePending(pending);
  const fresh = files !== null && all.length > 0 && (await isFresh(session, namespace, recorded));
  const run = { config, log, signal: options.signal };
  const before = fresh ? [] : await runPending(session, pending, run);
  if (files === null) return finish(log, [], [], before, 0);
  if (before.length === 0 && isUnchanged(session, recorded, files)) {
    const unsafe = recorded.last?.outstanding ?? [];
    announce(log, 0, unsafe.length);
    refuseUnsafe(config, unsafe);
    return finish(log, [], unsafe, [], files.length);
  }
  if (fresh) await beginFresh(session, namespace, all);
  const outcome = await applySafe(session, config, log, options, files);
  const { length } = files;
  if (!fresh) return finish(log, outcome.applied, outcome.unsafe, before, length);
  const { stampAutogenerated } = await import("./revisions/upgrade.js");
  const rest = await stampAutogenerated(session, pending, namespace);
  const after = await runPending(session, rest, run);
  if (after.length === 0) return finish(log, outcome.applied, outcome.unsafe, after, length);
  const again = await applySafe(session, config, log, options, files);
  return finish(log, [...outcome.applied, ...again.applied], again.unsafe, after, length);
}

/**
 * Nothing was ever applied and no table is there, or the apply that began so was cut off: the schema
 * files come first, and revisions build on them.
 */
export async function isFresh(
  session: Session,
  namespace: string,
  { last, revisions }: Pick<Recorded, "last" | "revisions">,
): Promise<boolean> {
  if (revisions.length > 0 || (last?.schemaHash ?? null) !== null) return false;
  const { readFounding } = await import("./revisions/founding.js");
  if ((await readFounding(session, namespace)).size > 0) return true;
  if (last !== null) return false;
  const [row] = await session.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind in ('r', 'p') and not exists (select from pg_depend e
       where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e') limit 1`,
    [namespace],
  );
  return row === undefined;
}

async function beginFresh(
  session: Session,
  namespace: string,
  pending: readonly Revision[],
): Promise<void> {
  await ensureState(session);
  const { noteFounding } = await import("./revisions/founding.js");
  await noteFounding(
    session,
    namespace,
    pending.map(({ version }) => version),
  );
}

async function runPending(
  session: Session,
  pending: readonly Revision[],
  options: RunOptions,
): Promise<string[]> {
  if (pending.length === 0) return [];
  const { runAll } = await import("./revisions/upgrade.js");
  return runAll(session, { entries: [], revisions: pending }, "up", options);
}

async function applySafe(
  session: Session,
  config: Config,
  log: Logger,
  options: ApplyOptions,
  files: readonly SchemaFile[],
): Promise<Pick<MigrateOutcome, "applied" | "unsafe">> {
  const { namespace } = config.database;
  const { signal } = options;
  const { workOut } = await import("./working-plan.js");
  await waitForBuilds(session, namespace, { log, signal, limitMs: config.migrate.lockWaitMs });
  let { last } = await readState(session, namespace);
  let plan = await workOut(session, { config, files, last, log, signal });
  const found = plan.unsafe.map(toOutstanding);
  announce(log, plan.steps.length, found.length);
  refuseUnsafe(config, found);
  await ensureState(session);
  const applied: SafeStep[] = [];
  const statements: string[] = [];
  for (let round = 1; plan.steps.length > 0; round += 1) {
    if (round > ROUNDS) throw notConverging(plan);
    if (round === 1) last = await openRecord(session, namespace, last, plan.circles);
    if (last === null) break;
    await createNamespace(session, plan, namespace);
    const { execute } = await import("./execute.js");
    await execute(session, plan.steps, {
      namespace,
      log,
      signal: options.signal,
      retryMs: config.migrate.lockWaitMs,
      recordId: last.id,
    });
    applied.push(...plan.steps.map(toSafeStep));
    statements.push(...plan.steps.map(({ sql }) => sql));
    last = (await readState(session, namespace)).last;
    plan = await workOut(session, { config, files, last, log, signal, desired: plan.desired });
  }
  const unsafe = plan.unsafe.map(toOutstanding);
  last ??= await openRecord(session, namespace, null, plan.circles);
  await writeRecord(session, last.id, {
    statements,
    schemaHash: hashFiles(files),
    serverVersionNum: session.serverVersionNum,
    fingerprint: plan.signs.fingerprint,
    outstanding: unsafe,
    owned: ownedNames(plan, last),
  });
  const { fragments, settled, parsed } = plan.desired;
  const live = snapshotOf(plan);
  await writeCache(session, namespace, last.id, { fragments, settled, memo: parsed.memo, live });
  return { applied, unsafe };
}

function snapshotOf({ live, signs, desired }: WorkingPlan): LiveSnapshot | null {
  const { fingerprint, surroundings } = signs;
  if (fingerprint === null || surroundings === null) return null;
  return { fingerprint, surroundings, parts: remember(live, desired.fragments.values()) };
}

const announce = (log: Logger, safe: number, unsafe: number): void =>
  log.event(
    "info",
    "migrate.plan",
    `${counted(safe, "statement")} to apply, ${counted(unsafe, "change")} left to a person`,
    { safe, unsafe },
  );

/** Plans after which a plan has to be empty; more than one only where one apply lets another begin. */
const ROUNDS = 3;

/** The schema files, the server and the catalog are as the last apply left them. */
function isUnchanged(
  session: Session,
  { last, fingerprint }: Recorded,
  files: readonly SchemaFile[],
): boolean {
  return (
    last !== null &&
    last.format === FORMAT &&
    last.fingerprint !== null &&
    last.fingerprint === fingerprint &&
    last.serverVersionNum === session.serverVersionNum &&
    last.unfinished.length === 0 &&
    !last.outstanding.some(({ operation }) => DEPENDS_ON_ROWS.has(operation)) &&
    last.schemaHash === hashFiles(files)
  );
}

/** Unsafe only because of the rows that a table had: worked out again each time. */
const DEPENDS_ON_ROWS: ReadonlySet<string> = new Set([
  "add_not_null_column",
  "change_identity",
  "change_generated",
  "change_constraint",
  "change_primary_key",
  "unsupported",
]);

function refuseUnsafe(config: Config, unsafe: readonly Outstanding[]): void {
  const [first] = unsafe;
  if (config.migrate.onUnsafe !== "refuse" || first === undefined) return;
  throw new SuperviseError("UNSAFE_REFUSED", {
    what: `${counted(unsafe.length, "change")} of the schema files ${unsafe.length === 1 ? "is" : "are"} unsafe, the first: ${describe(first)}`,
    where: '[migrate] on_unsafe = "refuse"',
    remedy: "write a revision: supervise db revision -m TEXT --autogenerate",
  });
}

const describe = ({ operation, table, object }: Outstanding): string =>
  `${operation} ${table === null || table === object ? "" : `${table}.`}${object}`;

function finish(
  log: Logger,
  applied: readonly SafeStep[],
  unsafe: readonly Outstanding[],
  revisions: readonly string[],
  files: number,
): MigrateOutcome {
  for (const item of unsafe) {
    log.event("warn", "migrate.unsafe", `${describe(item)}: ${item.reason}`, { ...item });
  }
  const done =
    applied.length === 0 ? "nothing to apply" : `applied ${counted(applied.length, "statement")}`;
  log.event("info", "migrate.done", done, {
    applied: applied.length,
    unsafe: unsafe.length,
    revisions,
    files,
  });
  return { applied, unsafe, revisions };
}

function notConverging(plan: WorkingPlan): SuperviseError {
  const [first] = plan.steps;
  return new SuperviseError("MIGRATION_FAILED", {
    what: `after the apply the plan is still not empty: ${first?.operation ?? ""} ${first?.object ?? ""}`,
    where: first?.sql ?? "",
    remedy: "write this part of schema.sql as the server spells it, and report it as a defect",
  });
}

/** The namespace of [database] is made when it is missing; schema files cannot do that. */
async function createNamespace(
  session: Session,
  plan: WorkingPlan,
  namespace: string,
): Promise<void> {
  if (plan.signs.fingerprint !== null) return;
  try {
    await session.query(`create schema if not exists ${id(namespace)}`);
  } catch (error) {
    if (sqlstateOf(error) !== SQLSTATE.insufficientPrivilege) throw error;
    throw new SuperviseError("PRIVILEGE_MISSING", {
      what: `the PostgreSQL schema ${namespace} does not exist and the role may not create it`,
      where: "[database] namespace",
      remedy: await grantRemedy(session),
      cause: error,
    });
  }
}

/** What was ours and is still there, and what the files state and is there now. */
function ownedNames(plan: WorkingPlan, last: LastApplied | null): LastApplied["owned"] {
  const { live, desired } = plan;
  const names = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name);
  const types = (model: typeof live) => [
    ...names(model.enums),
    ...names(model.domains),
    ...names(model.composites),
  ];
  const keep = (present: string[], wanted: string[], before: readonly string[]): string[] => {
    const known = new Set([...wanted, ...before]);
    return present.filter((name) => known.has(name));
  };
  return {
    tables: keep(names(live.tables), names(desired.model.tables), last?.owned.tables ?? []),
    types: keep(types(live), types(desired.model), last?.owned.types ?? []),
    sequences: keep(
      names(live.sequences),
      names(desired.model.sequences),
      last?.owned.sequences ?? [],
    ),
    circles: plan.circles,
  };
}
