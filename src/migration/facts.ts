/** The sizes of the tables that a plan is about. Reads statistics, and rows only to tell empty from not. */
import { qualified } from "../schema/names.js";
import type { Change } from "../schema/changes.js";
import type { Model } from "../schema/model.js";
import type { Facts, TableFacts } from "../schema/steps.js";
import type { Session } from "../postgres/session.js";

interface SizeRow {
  name: string;
  rows: string;
  bytes: string;
}

/** Partitions and children count with their parent. */
const SIZES = `
  select c.relname as name,
    (select sum(greatest(coalesce(s.n_live_tup, 0), p.reltuples, 0)) from pg_class p
      left join pg_stat_all_tables s on s.relid = p.oid where p.oid = any (tree.oids))::bigint::text as rows,
    (select sum(pg_table_size(o)) from unnest(tree.oids) o)::text as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace, lateral (
    with recursive tree as (
      select c.oid union all
      select i.inhrelid from pg_inherits i join tree on tree.oid = i.inhparent)
    select array_agg(oid) as oids from tree) as tree
  where n.nspname = $1 and c.relname = any ($2)`;

export async function readFacts(
  session: Session,
  live: Model,
  changes: readonly Change[],
  lockTimeoutMs: number,
): Promise<Facts> {
  const { namespace } = live;
  const existing = new Set(live.tables.map(({ name }) => name));
  const names = new Set<string>();
  const decideByRows = new Set<string>();
  for (const change of changes) {
    if (change.kind === "create_table" && change.scans !== null) names.add(change.scans);
    const table = tableOf(change);
    if (table === null || !existing.has(table)) continue;
    names.add(table);
    if (change.kind !== "add_column" || !change.column.notNull) continue;
    if (change.column.default === null) decideByRows.add(table);
  }
  const tables = new Map<string, TableFacts>();
  for (const [name, size] of await readSizes(session, namespace, [...names])) {
    const empty = decideByRows.has(name) && (await isEmpty(session, namespace, name));
    tables.set(name, { ...size, empty });
  }
  return {
    serverVersionNum: session.serverVersionNum,
    namespace,
    lockTimeoutMs,
    tables,
    partitions: partitionsOf(live),
    partitioned: new Set(live.tables.filter((table) => table.partitioned).map(({ name }) => name)),
  };
}

/** Of those of the tables that are there. */
export async function readSizes(
  session: Session,
  namespace: string,
  tables: readonly string[],
): Promise<Map<string, Pick<TableFacts, "rows" | "bytes">>> {
  if (tables.length === 0) return new Map();
  const rows = await session.query<SizeRow>(SIZES, [namespace, tables]);
  return new Map(
    rows.map(({ name, rows: count, bytes }) => [
      name,
      { rows: Number(count), bytes: Number(bytes) },
    ]),
  );
}

function tableOf(change: Change): string | null {
  if (!("table" in change) || change.table === null) return null;
  return typeof change.table === "string" ? change.table : change.table.name;
}

async function isEmpty(session: Session, namespace: string, table: string): Promise<boolean> {
  const [row] = await session.query<{ filled: boolean }>(
    `select exists (select from ${qualified(namespace, table)}) as filled`,
  );
  return row?.filled === false;
}

function partitionsOf(live: Model): Map<string, string[]> {
  const partitions = new Map<string, string[]>();
  for (const { name, partitionOf } of live.tables) {
    if (partitionOf === null) continue;
    const known = partitions.get(partitionOf.parent);
    if (known === undefined) partitions.set(partitionOf.parent, [name]);
    else known.push(name);
  }
  return partitions;
}
