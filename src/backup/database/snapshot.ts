/**
 * One consistent view of the database for a whole backup: a read-only transaction whose snapshot
 * others may share, with the tables locked against DDL, and what only the database can tell about
 * them: exact row counts and the positions of the sequences.
 */
import { SuperviseError } from "../../errors.js";
import { quoteLiteral, quoteQualified } from "../../postgres/quote.js";
import type { Session } from "../../postgres/session.js";
import { codeOf } from "../node-error.js";
import { readInventory, type Inventory, type Table } from "./inventory.js";

export interface Snapshot {
  /** As `pg_dump --snapshot` takes it. */
  readonly id: string;
  readonly inventory: Inventory;
  readonly encoding: string;
}

export interface SequencePosition {
  readonly schema: string;
  readonly name: string;
  /** Decimal, since it may not fit a number. */
  readonly lastValue: string;
  readonly called: boolean;
}

/** Names in one LOCK statement or one UNION: keeps statements short with thousands of tables. */
const BATCH = 200;
/**
 * A backup behind a statement that holds the tables (a migration, a TRUNCATE) gives up after this and
 * exits 75, rather than make every other query wait behind its own lock request.
 */
const LOCK_TIMEOUT_MS = 10_000;

function batches<T>(all: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += BATCH) parts.push(all.slice(at, at + BATCH));
  return parts;
}

function unreadable(what: string, names: readonly string[], remedy: string): SuperviseError {
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? ", ..." : "");
  return new SuperviseError("PRIVILEGE_MISSING", { what, where: shown, remedy });
}

function nameOf(table: { readonly schema: string; readonly name: string }): string {
  return `${table.schema}.${table.name}`;
}

/** A backup that would lack rows is no backup: says so before anything is written. */
function refuseHidden(inventory: Inventory): void {
  const closed = [...inventory.tables, ...inventory.sequences].filter((one) => !one.readable);
  if (closed.length > 0) {
    throw unreadable(
      "the backup's role may not read everything",
      closed.map(nameOf),
      "grant it SELECT, or run the backup as the owner",
    );
  }
  const filtered = inventory.tables.filter((table) => table.filtered);
  if (filtered.length === 0) return;
  throw unreadable(
    "row level security hides rows from the backup's role",
    filtered.map(nameOf),
    "give the role BYPASSRLS, or where it owns the tables, NO FORCE ROW LEVEL SECURITY",
  );
}

async function lockTables(session: Session, tables: readonly Table[]): Promise<void> {
  await session.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    for (const batch of batches(tables)) {
      const names = batch.map((table) => quoteQualified(table.schema, table.name));
      await session.query(`lock table only ${names.join(", only ")} in access share mode`);
    }
  } catch (error) {
    if (codeOf(error) !== "55P03") throw error;
    throw new SuperviseError("LOCK_TIMEOUT", {
      what: "another session holds a table that the backup has to read",
      where: "lock timeout 10s",
      remedy: "try again once the migration or maintenance is over",
      cause: error,
    });
  }
  await session.query("set local lock_timeout = 0");
}

/** Opens the transaction; it ends with the session. */
export async function openSnapshot(session: Session, namespace: string): Promise<Snapshot> {
  await session.query("begin isolation level repeatable read, read only");
  const [row] = await session.query<{ id: string; encoding: string }>(
    `select pg_catalog.pg_export_snapshot() as id,
       pg_catalog.getdatabaseencoding() as encoding`,
  );
  if (row === undefined) throw new Error("the server exported no snapshot");
  const inventory = await readInventory(session, namespace);
  if (!inventory.exists) {
    throw new SuperviseError("CONFIG_INVALID", {
      what: `the database has no schema "${namespace}"`,
      where: "[database] namespace",
      remedy: "correct the name, or run `supervise migrate` first",
    });
  }
  refuseHidden(inventory);
  await lockTables(session, inventory.tables);
  // Any row that row level security would still hide is an error from here on, never a shorter backup.
  await session.query("set local row_security = off");
  return { ...row, inventory };
}

/** The user's rows of a table: all, or those that its extension calls configuration. */
export function rowFilter(table: Pick<Table, "extension">): string {
  return table.extension?.condition ?? "";
}

/** Exact number of rows by table oid, in the transaction's snapshot. */
export async function countRows(
  session: Session,
  tables: readonly Table[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const batch of batches(tables)) {
    const parts = batch.map(
      (table) =>
        `select ${quoteLiteral(table.oid)} as oid, count(*)::float8 as rows
           from only ${quoteQualified(table.schema, table.name)} ${rowFilter(table)}`,
    );
    const rows = await session.query<{ oid: string; rows: number }>(parts.join(" union all "));
    for (const row of rows) counts.set(row.oid, row.rows);
  }
  return counts;
}

/** Where each sequence stands now: never behind the rows of the snapshot. */
export async function readPositions(
  session: Session,
  sequences: Inventory["sequences"],
): Promise<SequencePosition[]> {
  const positions: SequencePosition[] = [];
  for (const batch of batches(sequences)) {
    const parts = batch.map(
      ({ schema, name }) =>
        `select ${quoteLiteral(schema)} as schema, ${quoteLiteral(name)} as name,
           last_value::text as "lastValue", is_called as called from ${quoteQualified(schema, name)}`,
    );
    positions.push(...(await session.query<SequencePosition>(parts.join(" union all "))));
  }
  return positions;
}
