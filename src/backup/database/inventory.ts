/**
 * What a backup covers, read from the catalogs: the tables of the application's namespace, the
 * partitions below them wherever they live, their sequences and materialized views, and the large
 * objects. Used on both sides: for what to save, and for what a restore meets.
 *
 * Left out on purpose: views, foreign tables and temporary tables (they hold no data of this
 * database), and tables that belong to an extension, unless the extension says that their rows are
 * the user's (`pg_extension_config_dump`).
 */
import type { Session } from "../../postgres/session.js";

export interface Column {
  readonly name: string;
  /** As `format_type` spells it, with schema unless it is built in. */
  readonly type: string;
  readonly notNull: boolean;
  /** A value is supplied when none is given: default or identity. */
  readonly defaulted: boolean;
  /** Computed from other columns; never saved. */
  readonly generated: boolean;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface Table extends TableName {
  readonly oid: string;
  /** Columns in their order, dropped ones left out. */
  readonly columns: readonly Column[];
  /** Bytes on disk without indexes. */
  readonly bytes: number;
  /**
   * The partitioned table to load through when rows may belong to another partition elsewhere: hash
   * values differ between databases for enums. Null: load directly.
   */
  readonly root: TableName | null;
  /** The extension whose configuration this table holds, and which of its rows are the user's. */
  readonly extension: { readonly name: string; readonly condition: string } | null;
  readonly owned: boolean;
  readonly readable: boolean;
  /** Row level security would hide rows from this role. */
  readonly filtered: boolean;
  readonly forcedSecurity: boolean;
}

export interface Sequence extends TableName {
  readonly oid: string;
  readonly owned: boolean;
  readonly readable: boolean;
}

export interface MaterializedView extends TableName {
  readonly oid: string;
  readonly populated: boolean;
  readonly owned: boolean;
}

export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

export interface Inventory {
  readonly namespace: string;
  /** False when the database has no schema of that name. */
  readonly exists: boolean;
  readonly tables: readonly Table[];
  readonly sequences: readonly Sequence[];
  /** In the order in which they can be refreshed. */
  readonly views: readonly MaterializedView[];
  readonly largeObjects: { readonly count: number; readonly unreadable: number };
  readonly leftOut: readonly LeftOut[];
}

const SCOPE = `
  with recursive scope as (
    select c.oid from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind in ('r','p','f','S','m') and c.relpersistence <> 't'
    union
    select i.inhrelid from scope s
      join pg_catalog.pg_inherits i on i.inhparent = s.oid
      join pg_catalog.pg_class c on c.oid = i.inhrelid
     where c.relispartition
  ), member as (
    select d.objid as oid, x.extname, config.condition
      from pg_catalog.pg_depend d
      join pg_catalog.pg_extension x on x.oid = d.refobjid
      left join lateral (
        select condition from unnest(x.extconfig, x.extcondition) as t (oid, condition)
         where t.oid = d.objid) config on true
     where d.classid = 'pg_catalog.pg_class'::regclass and d.deptype = 'e'
       and d.refclassid = 'pg_catalog.pg_extension'::regclass
  )`;

const RELATIONS = `${SCOPE}
  select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind::text as kind,
    m.extname as extension, m.condition,
    case when c.relkind in ('r','m') then pg_catalog.pg_table_size(c.oid) else 0 end::float8 as bytes,
    pg_catalog.pg_has_role(c.relowner, 'USAGE') as owned,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      and pg_catalog.has_table_privilege(c.oid, 'SELECT') as readable,
    case when c.relkind in ('r','p') then pg_catalog.row_security_active(c.oid) else false end as filtered,
    c.relforcerowsecurity as forced, c.relispopulated as populated,
    hashed.schema as root_schema, hashed.name as root_name
  from scope
  join pg_catalog.pg_class c on c.oid = scope.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join member m on m.oid = c.oid
  left join lateral (
    select rn.nspname as schema, r.relname as name
      from pg_catalog.pg_partition_ancestors(c.oid) a (oid)
      join pg_catalog.pg_partitioned_table p on p.partrelid = a.oid and p.partstrat = 'h'
      join pg_catalog.pg_class r on r.oid = pg_catalog.pg_partition_root(c.oid)
      join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
     where c.relispartition and a.oid <> c.oid limit 1) hashed on true
  order by n.nspname collate "C", c.relname collate "C"`;

const COLUMNS = `
  select a.attrelid::text as oid, a.attname as name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as not_null,
    (a.atthasdef or a.attidentity <> '') as defaulted, a.attgenerated <> '' as generated
  from pg_catalog.pg_attribute a
  where a.attrelid = any ($1::pg_catalog.oid[]) and a.attnum > 0 and not a.attisdropped
  order by a.attrelid, a.attnum`;

/** Depth of each view: one more than the deepest view that it reads, through plain views too. */
const VIEW_ORDER = `
  with recursive reads as (
    select distinct w.ev_class as reader, d.refobjid as source
      from pg_catalog.pg_rewrite w
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass
       and d.objid = w.oid and d.refclassid = 'pg_catalog.pg_class'::regclass
       and d.refobjid <> w.ev_class
      join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind in ('m','v')
  ), depth as (
    select oid, 0 as level from unnest($1::pg_catalog.oid[]) as t (oid)
    union
    select r.reader, depth.level + 1 from depth join reads r on r.source = depth.oid
     where depth.level < 1000
  )
  select oid::text as oid, max(level)::int as level from depth
   where oid = any ($1::pg_catalog.oid[]) group by oid`;

const LARGE_OBJECTS = `
  select count(*)::int as count, (count(*) filter (where not pg_catalog.pg_has_role(lomowner, 'USAGE')
    and not (select rolsuper from pg_catalog.pg_roles where rolname = current_user)))::int as unreadable
  from pg_catalog.pg_largeobject_metadata`;

interface RelationRow extends Record<string, unknown> {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly extension: string | null;
  readonly condition: string | null;
  readonly bytes: number;
  readonly owned: boolean;
  readonly readable: boolean;
  readonly filtered: boolean;
  readonly forced: boolean;
  readonly populated: boolean;
  readonly root_schema: string | null;
  readonly root_name: string | null;
}

interface ColumnRow extends Record<string, unknown> {
  readonly oid: string;
  readonly name: string;
  readonly type: string;
  readonly not_null: boolean;
  readonly defaulted: boolean;
  readonly generated: boolean;
}

async function readColumns(
  session: Session,
  oids: readonly string[],
): Promise<Map<string, Column[]>> {
  const columns = new Map<string, Column[]>(oids.map((oid) => [oid, []]));
  for (const row of await session.query<ColumnRow>(COLUMNS, [oids])) {
    columns.get(row.oid)?.push({
      name: row.name,
      type: row.type,
      notNull: row.not_null,
      defaulted: row.defaulted,
      generated: row.generated,
    });
  }
  return columns;
}

async function inRefreshOrder(
  session: Session,
  views: readonly MaterializedView[],
): Promise<MaterializedView[]> {
  if (views.length < 2) return [...views];
  const rows = await session.query<{ oid: string; level: number }>(VIEW_ORDER, [
    views.map((view) => view.oid),
  ]);
  const level = new Map(rows.map((row) => [row.oid, row.level]));
  return [...views].sort((a, b) => (level.get(a.oid) ?? 0) - (level.get(b.oid) ?? 0));
}

function toTable(row: RelationRow, columns: readonly Column[]): Table {
  const { root_schema: schema, root_name: name } = row;
  return {
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    columns,
    bytes: row.bytes,
    root: schema === null || name === null ? null : { schema, name },
    extension:
      row.extension === null ? null : { name: row.extension, condition: row.condition ?? "" },
    owned: row.owned,
    readable: row.readable,
    filtered: row.filtered,
    forcedSecurity: row.forced,
  };
}

function leftOutReason(row: RelationRow): string | null {
  if (row.kind === "f") return "a foreign table: its rows live in another database";
  if (row.extension !== null && row.condition === null) {
    return `belongs to the extension ${row.extension}, which makes its rows itself`;
  }
  return null;
}

/** The inventory of `namespace`. Sets the search path to nothing for the rest of the transaction. */
export async function readInventory(session: Session, namespace: string): Promise<Inventory> {
  await session.query("select pg_catalog.set_config('search_path', '', true)");
  const [found] = await session.query<{ exists: boolean }>(
    "select exists (select from pg_catalog.pg_namespace where nspname = $1) as exists",
    [namespace],
  );
  const rows = await session.query<RelationRow>(RELATIONS, [namespace]);
  const leftOut = rows.flatMap((row) => {
    const reason = leftOutReason(row);
    return reason === null ? [] : [{ name: `${row.schema}.${row.name}`, reason }];
  });
  const kept = rows.filter((row) => leftOutReason(row) === null);
  const of = (kind: string): RelationRow[] => kept.filter((row) => row.kind === kind);
  const columns = await readColumns(
    session,
    of("r").map((row) => row.oid),
  );
  const [objects] = await session.query<{ count: number; unreadable: number }>(LARGE_OBJECTS);
  return {
    namespace,
    exists: found?.exists === true,
    tables: of("r").map((row) => toTable(row, columns.get(row.oid) ?? [])),
    sequences: of("S"),
    views: await inRefreshOrder(session, of("m")),
    largeObjects: objects ?? { count: 0, unreadable: 0 },
    leftOut,
  };
}
