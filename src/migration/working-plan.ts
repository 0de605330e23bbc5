/** The plan as it is worked out: both models read in one transaction that changes nothing. */
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import type { Logger } from "../log/logger.js";
import { standby } from "../postgres/lock.js";
import { isRetryable } from "../postgres/sqlstate.js";
import { findHolders } from "./blockers.js";
import { withRetries } from "./retry.js";
import type { Session } from "../postgres/session.js";
import type { Addition, Change } from "../schema/changes.js";
import { classify } from "../schema/classify.js";
import { columnOrders, type Circle, type Memory } from "../schema/diff/circles.js";
import { diffModels } from "../schema/diff/diff.js";
import type { DiffInput } from "../schema/diff/scope.js";
import { sameBy, type Question, type Same } from "../schema/diff/question.js";
import { circlesToNote } from "../schema/diff/renames.js";
import { settle } from "../schema/settle.js";
import { fingerprintQuery, surroundingsQuery } from "../schema/fingerprint.js";
import { fixSpelling, introspect, readExtensions } from "../schema/introspect.js";
import type { Model } from "../schema/model.js";
import { readNameHolders } from "../schema/name-holders.js";
import { order } from "../schema/order.js";
import { parseSchema } from "../schema/parse.js";
import { readDesired } from "../schema/scratch.js";
import { stepsFor } from "../schema/sql.js";
import type { SchemaFile } from "../schema/source.js";
import type { ParsedSchema } from "../schema/statement.js";
import type { Step } from "../schema/steps.js";
import { resumedSteps, stillWanted, withoutUnfinished } from "./resume.js";
import { withCasts } from "./casts.js";
import { withCosts, type Weighed } from "./costs.js";
import { withDependents } from "./dependents.js";
import { NO_CACHE, readCache, type Cache } from "./cache.js";
import { readInheritedParts } from "../schema/inherited-parts.js";
import { recall } from "./remembered.js";
import type { Fragment } from "../schema/units.js";
import { readFacts } from "./facts.js";
import type { LastApplied } from "./record.js";

/** What the schema files say, read once and good for planning again after an apply. */
export interface Desired {
  readonly parsed: ParsedSchema;
  readonly model: Model;
  /** Pairs of spellings of which the server said that they mean the same. */
  readonly settled: ReadonlySet<string>;
  readonly fragments: ReadonlyMap<string, Fragment>;
}

export interface WorkingPlan {
  readonly steps: readonly Step[];
  readonly unsafe: readonly Weighed[];
  readonly live: Model;
  readonly desired: Desired;
  /** Names that change places, to be noted. */
  readonly circles: readonly Circle[];
  /** Of the catalog as it was read. */
  readonly signs: Signs;
}

export interface Signs {
  /** Null when the namespace does not exist. */
  readonly fingerprint: string | null;
  /** Null when what the namespace refers to elsewhere is not watched. */
  readonly surroundings: string | null;
}

export interface PlanInput {
  readonly config: Config;
  readonly files: readonly SchemaFile[];
  readonly last: LastApplied | null;
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  /** From an earlier plan of the same files, to save reading them again. */
  readonly desired?: Desired;
}

/**
 * Reading sizes waits for sessions that hold a table for themselves, never for longer than the lock
 * timeout; then it is tried again.
 *
 * @throws SuperviseError MIGRATION_BLOCKED when it had to wait for too long.
 */
export async function workOut(session: Session, input: PlanInput): Promise<WorkingPlan> {
  const { config, log, signal } = input;
  const [recovery] = await session.query<{ on: boolean }>('select pg_is_in_recovery() as "on"');
  if (recovery?.on === true) throw standby();
  try {
    return await withRetries(
      session,
      {
        log,
        signal,
        limitMs: config.migrate.lockWaitMs,
        what: "planning",
        blockers: () => findHolders(session, config.database.namespace),
      },
      () => workOutOnce(session, input),
    );
  } catch (error) {
    if (!isRetryable(error)) throw error;
    throw new SuperviseError("MIGRATION_BLOCKED", {
      what: `planning had to wait for another session: ${error instanceof Error ? error.message : ""}`,
      remedy: "try again when the other session's change is done",
      cause: error,
    });
  }
}

async function workOutOnce(session: Session, input: PlanInput): Promise<WorkingPlan> {
  const { config, files, last } = input;
  const { namespace } = config.database;
  const cached = input.desired === undefined ? await readCache(session, namespace) : NO_CACHE;
  // Read write even where the role's default is read only; nothing is committed.
  await session.query("begin isolation level repeatable read read write");
  try {
    await session.query(`set local lock_timeout = ${config.migrate.lockTimeoutMs}`);
    await fixSpelling(session);
    const signs = await readSigns(session, namespace);
    // The server reads its catalog while the files are parsed here.
    const [live, parsed] = await Promise.all([
      readLive(session, namespace, cached, last?.fingerprint === signs.fingerprint ? signs : null),
      input.desired?.parsed ?? parseSchema(files, namespace, cached.memo),
    ]);
    const judged =
      input.desired ??
      (await readDesired(session, {
        namespace,
        statements: parsed.statements,
        extensions: parsed.extensions,
        known: cached.fragments,
      }));
    const { model } = judged;
    const known = new Set(input.desired?.settled ?? cached.settled);
    const unfinished = stillWanted(last?.unfinished ?? [], live, model);
    const asLeft = signs.fingerprint !== null && last?.fingerprint === signs.fingerprint;
    const memory = memoryOf(last, parsed, () => (asLeft ? live : recalled(cached)));
    const { found, circles } = await difference(session, live, model, parsed, last, known, memory);
    const changes = withoutUnfinished(found, unfinished);
    const facts = await readFacts(session, live, changes, config.migrate.lockTimeoutMs);
    const judgedChanges = await withDependents(
      session,
      await withCasts(session, changes),
      namespace,
    );
    const { additions, alterations } = order(
      judgedChanges.map((change) => classify(change, facts)),
      namespace,
    );
    const created = new Set(additions.flatMap(madeBy));
    const resumed = resumedSteps(unfinished, model, facts);
    const steps = additions.flatMap((item) => stepsFor(item, facts, (table) => created.has(table)));
    return {
      steps: [...resumed, ...steps],
      unsafe: await withCosts(session, alterations, { live, desired: model, facts, created }),
      live,
      circles,
      desired: { parsed, model, fragments: judged.fragments, settled: known },
      signs,
    };
  } finally {
    if (!session.lost.aborted) await session.query("rollback");
  }
}

async function readSigns(session: Session, namespace: string): Promise<Signs> {
  const [row] = await session.query<Signs>(
    `select ${fingerprintQuery("$1")} as fingerprint, ${surroundingsQuery("$1")} as surroundings`,
    [namespace],
  );
  return row ?? { fingerprint: null, surroundings: null };
}

/** From the catalog, or as it was left where that is proven to be the same; `signs` is null when not. */
async function readLive(
  session: Session,
  namespace: string,
  { live, fragments }: Cache,
  signs: Signs | null,
): Promise<Model> {
  const unchanged =
    live !== null &&
    signs?.fingerprint === live.fingerprint &&
    signs.surroundings === live.surroundings;
  const parts = unchanged ? recall(live.parts, fragments.values()) : null;
  if (parts === null)
    return introspect(session, { schema: namespace, namespace, volatility: false });
  return { namespace, extensions: await readExtensions(session), ...parts };
}

/** What the last apply knew of names that change places; asked for where there are hints at all. */
const memoryOf = (
  last: LastApplied | null,
  { renames }: ParsedSchema,
  left: () => Pick<Model, "tables"> | null,
): Memory => ({
  circles: last === null ? [] : (last.owned.circles ?? null),
  columns: columnOrders(renames.length === 0 ? null : left()),
});

const recalled = ({ live, fragments }: Cache): Pick<Model, "tables"> | null =>
  live === null ? null : recall(live.parts, fragments.values());

/** What the server has to settle is asked at once, and noted in `known`; then the diff is final. */
async function difference(
  session: Session,
  live: Model,
  desired: Model,
  parsed: ParsedSchema,
  last: LastApplied | null,
  known: Set<string>,
  memory: Memory,
): Promise<{ readonly found: Change[]; readonly circles: readonly Circle[] }> {
  const open = new Map<string, Question>();
  const held = await readNameHolders(session, live, desired, parsed.renames);
  const parts = await readInheritedParts(session, live, desired, parsed.renames);
  const input = (same: Same): DiffInput => ({
    live,
    desired,
    renames: parsed.renames,
    explicitNames: parsed.explicitNames,
    owned: {
      tables: new Set(last?.owned.tables),
      types: new Set(last?.owned.types),
      sequences: new Set(last?.owned.sequences),
    },
    same,
    held,
    parts,
    memory,
  });
  const first = input(sameBy(known, open));
  const circles = circlesToNote(first);
  const found = diffModels(first);
  const settled = await settle(session, [...open.values()], desired, live);
  if (settled.size === 0) return { found, circles };
  for (const name of settled) known.add(name);
  return { found: diffModels(input(sameBy(known))), circles };
}

/** Names of the table, type or sequence that it creates. */
function madeBy(item: Addition): string[] {
  if (item.kind === "create_table") return [item.table.name];
  if (item.kind === "create_type") return [item.type.name];
  if (item.kind === "create_sequence") return [item.sequence.name];
  const sequence = item.kind === "add_column" ? (item.column.identity?.sequence ?? null) : null;
  return sequence === null ? [] : [sequence];
}
