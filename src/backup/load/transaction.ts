/**
 * The one transaction of a restore: lock, clear the way, empty, load, sequences, put back what was
 * cleared away, refresh, and just before the commit let the caller swap the uploads. Any failure
 * leaves the database as it was, since nothing of this is visible to anybody before the commit.
 */
import { SuperviseError } from "../../errors.js";
import { quoteIdentifier, quoteQualified } from "../../postgres/quote.js";
import type { Session } from "../../postgres/session.js";
import { readInventory, type Inventory, type Table } from "../database/inventory.js";
import type { Metadata, MetadataTable } from "../metadata.js";
import { analyzeTables } from "./analyze.js";
import { createLoader, type Loader } from "./rows.js";
import { setSequences } from "./sequences.js";
import { readStructure } from "./structure.js";

export interface LoadRequest {
  readonly session: Session;
  readonly metadata: Metadata;
  /** Called once the tables are locked: the last chance to refuse. */
  readonly judge: (inventory: Inventory) => Promise<void>;
  /** Feeds every database member to the loader. */
  readonly feed: (loader: Loader) => Promise<void>;
  /** Called with all rows in place, with the transaction's id, just before the commit. */
  readonly beforeCommit: (xid: string) => Promise<void>;
  readonly done: (saved: MetadataTable) => void;
  readonly signal: AbortSignal;
}

/**
 * How long each lock may be waited for. Readers that arrive meanwhile queue up behind it, so a
 * restore into a database in use gives up soon and says so.
 */
const LOCK_TIMEOUT = "10s";
const BATCH = 200;

/** How rows are read back as they were written, under any setting of role and database. */
const SETTINGS = `
  set local lock_timeout = '${LOCK_TIMEOUT}';
  set local datestyle = 'ISO';
  set local intervalstyle = 'postgres';
  set local xmloption = 'content';
  set local check_function_bodies = off;
  set local synchronous_commit = on`;

async function runAll(
  { session, signal }: LoadRequest,
  statements: readonly string[],
): Promise<void> {
  for (const statement of statements) {
    signal.throwIfAborted();
    await session.query(statement);
  }
}

/** The tables that the backup has rows for: no other is touched. */
export function restoredTables(metadata: Metadata, inventory: Inventory): Table[] {
  const saved = new Set(metadata.tables.map(({ schema, name }) => JSON.stringify([schema, name])));
  return inventory.tables.filter(({ schema, name }) => saved.has(JSON.stringify([schema, name])));
}

async function lock(session: Session, tables: readonly Table[]): Promise<void> {
  const names = tables.map((table) => quoteQualified(table.schema, table.name));
  for (let at = 0; at < names.length; at += BATCH) {
    const batch = names.slice(at, at + BATCH).join(", only ");
    await session.query(`lock table only ${batch} in access exclusive mode`);
  }
}

/** Only the tables named here: CASCADE would empty tables that nobody spoke of. */
async function empty(session: Session, tables: readonly Table[]): Promise<void> {
  const whole = tables.filter((table) => table.extension === null);
  const names = whole.map((table) => quoteQualified(table.schema, table.name));
  if (names.length > 0) await session.query(`truncate only ${names.join(", only ")}`);
  for (const { schema, name, extension } of tables) {
    if (extension === null) continue;
    await session.query(`delete from only ${quoteQualified(schema, name)} ${extension.condition}`);
  }
}

/** Returns the views that were refreshed. */
async function refresh(request: LoadRequest, inventory: Inventory): Promise<Inventory["views"]> {
  const populated = new Set(
    request.metadata.materialized_views
      .filter((view) => view.populated)
      .map(({ schema, name }) => JSON.stringify([schema, name])),
  );
  const wanted = inventory.views.filter(
    ({ schema, name, populated: now }) => now || populated.has(JSON.stringify([schema, name])),
  );
  await runAll(
    request,
    wanted.map(({ schema, name }) => `refresh materialized view ${quoteQualified(schema, name)}`),
  );
  return wanted;
}

interface Loaded {
  readonly xid: string;
  readonly warnings: readonly string[];
}

async function loadAll(request: LoadRequest): Promise<Loaded> {
  const { session, metadata, signal } = request;
  const { namespace } = metadata.database;
  await session.query(SETTINGS);
  const tables = restoredTables(metadata, await readInventory(session, namespace));
  await lock(session, tables);
  // Read again now that nobody can change it.
  const inventory = await readInventory(session, namespace);
  const structure = await readStructure(session, tables);
  await runAll(request, structure.before);
  await request.judge(inventory);
  await session.query(`set local search_path = ${quoteIdentifier(namespace)}, public`);
  await empty(session, tables);
  const loader = createLoader(session, metadata, inventory, request.done);
  await request.feed(loader);
  loader.check();
  await setSequences(session, metadata.sequences);
  await session.query("set constraints all immediate");
  const stopped = (): void => signal.throwIfAborted();
  const warnings = await analyzeTables(session, tables, stopped);
  await runAll(request, structure.after);
  warnings.push(...(await analyzeTables(session, await refresh(request, inventory), stopped)));
  const [row] = await session.query<{ xid: string }>(
    "select pg_catalog.pg_current_xact_id()::text as xid",
  );
  return { xid: row?.xid ?? "", warnings };
}

/** The connection went away during the commit, and no server answers what became of it. */
export class OutcomeUnknown extends Error {
  readonly failure: SuperviseError;

  constructor(failure: SuperviseError) {
    super(failure.message);
    this.failure = failure;
    this.name = "OutcomeUnknown";
  }
}

function unknownOutcome(where: string, cause: unknown): OutcomeUnknown {
  return new OutcomeUnknown(
    new SuperviseError("DATABASE_LOST", {
      what: "the connection was lost while the restore committed, and the database does not answer",
      where,
      remedy:
        "run the restore again once it does: it first settles which uploads belong to the database",
      cause,
    }),
  );
}

async function settledOutcome(
  request: LoadRequest,
  outcome: (xid: string) => Promise<CommitOutcome>,
  xid: string,
): Promise<CommitOutcome> {
  try {
    return await outcome(xid);
  } catch (error) {
    throw unknownOutcome(request.session.where, error);
  }
}

export type CommitOutcome = "committed" | "rolled back" | "unknown";

/**
 * @param outcome asked when the connection is lost during the commit itself
 * @returns what went wrong without harm to the rows
 */
export async function runLoad(
  request: LoadRequest,
  outcome: (xid: string) => Promise<CommitOutcome>,
): Promise<readonly string[]> {
  const { session } = request;
  await session.query("begin");
  let loaded: Loaded;
  try {
    loaded = await loadAll(request);
    await request.beforeCommit(loaded.xid);
  } catch (error) {
    await rollBack(session);
    throw error;
  }
  try {
    await session.query("commit");
  } catch (error) {
    if (!session.lost.aborted) throw error;
    const settled = await settledOutcome(request, outcome, loaded.xid);
    if (settled === "unknown") throw unknownOutcome(session.where, error);
    if (settled === "rolled back") throw error;
  }
  return loaded.warnings;
}

/**
 * A failure to roll back must not hide the one before it: where the connection cannot do it, the
 * server does, when the session ends.
 */
async function rollBack(session: Session): Promise<void> {
  await session.query("rollback").catch(() => undefined);
}
