/**
 * What schema files do not state but what stands in the way of a change: views, rules, triggers,
 * policies, functions, and foreign keys of other namespaces. The server knows; it is asked once for
 * all changes, and each note names what a person has to take away before and bring back after.
 */
import type { Session } from "../postgres/session.js";
import type { Alteration, Change } from "../schema/changes.js";

interface Found {
  readonly at: number;
  /** `view names`, `trigger touch on table task` */
  readonly dependents: readonly string[];
}

interface Asked {
  readonly at: number;
  readonly table: string | null;
  readonly object: string;
  /** Which dependents refuse it. */
  readonly of: "retype" | "column" | "table" | "key" | "type";
}

const KINDS: Readonly<Partial<Record<Alteration["operation"], Asked["of"]>>> = {
  change_type: "retype",
  drop_column: "column",
  change_generated: "column",
  drop_table: "table",
  drop_constraint: "key",
  change_constraint: "key",
  change_primary_key: "key",
  drop_enum_value: "type",
  change_enum: "type",
};

/** Needs an open transaction in which nothing is created; takes no lock on a table. */
export async function withDependents(
  session: Session,
  changes: readonly Change[],
  namespace: string,
): Promise<Change[]> {
  const asked = changes.flatMap((change, at): Asked[] => {
    if (change.kind !== "alteration") return [];
    const { table, object, operation } = change;
    const of = KINDS[operation];
    // One value of an enum is named after its type.
    const name = operation === "drop_enum_value" ? (object.split(".")[0] ?? object) : object;
    if (of === undefined || (table === null) !== (of === "type")) return [];
    return [{ at, table, object: name, of }];
  });
  if (asked.length === 0) return [...changes];
  const found = await session.query<Found & Record<string, unknown>>(QUERY, [
    JSON.stringify(asked),
    namespace,
  ]);
  const noted = new Map(found.map(({ at, dependents }) => [at, dependents]));
  return changes.map((change, at) => {
    const dependents = noted.get(at);
    return change.kind === "alteration" && dependents !== undefined
      ? { ...change, note: withNote(change, dependents) }
      : change;
  });
}

function withNote({ note }: Alteration, dependents: readonly string[]): string {
  const own = `in the way: ${dependents.join(", ")}; a person has to write what drops that, in front of everything here, and what creates it again behind it`;
  return note === null ? own : `${own}; ${note}`;
}

/**
 * Views depend through their rewrite rule. What goes with the table itself (its own triggers,
 * policies and rules) stands in the way of its columns, not of its end.
 */
const QUERY = `
  with asked as (
    select * from json_to_recordset($1) as a (at int, "table" text, object text, "of" text)),
  ns as (select oid from pg_catalog.pg_namespace where nspname = $2),
  targets as (
    select a.at, a."of", 'pg_class'::regclass as classid, c.oid as objid, at.attnum::int as sub
    from asked a join pg_catalog.pg_class c on c.relname = a."table" and c.relnamespace = (select oid from ns)
    join pg_catalog.pg_attribute at on at.attrelid = c.oid and at.attname = a.object and at.attnum > 0
    where a."of" in ('column', 'retype')
    union all
    select a.at, a."of", 'pg_class'::regclass, c.oid, null
    from asked a join pg_catalog.pg_class c on c.relname = a.object and c.relnamespace = (select oid from ns)
    where a."of" = 'table'
    union all
    select a.at, a."of", 'pg_type'::regclass, c.reltype, null
    from asked a join pg_catalog.pg_class c on c.relname = a.object and c.relnamespace = (select oid from ns)
    where a."of" = 'table'
    union all
    select a.at, a."of", x.classid, x.objid, null
    from asked a join pg_catalog.pg_class c on c.relname = a."table" and c.relnamespace = (select oid from ns)
    join pg_catalog.pg_constraint k on k.conrelid = c.oid and k.conname = a.object
    cross join lateral (values ('pg_constraint'::regclass, k.oid), ('pg_class'::regclass, k.conindid)) as x (classid, objid)
    where a."of" = 'key' and k.contype in ('p', 'u')
    union all
    select a.at, a."of", 'pg_type'::regclass, t.oid, null
    from asked a join pg_catalog.pg_type t on t.typname = a.object and t.typnamespace = (select oid from ns)
    where a."of" = 'type'
    union all
    select a.at, 'retype', 'pg_class'::regclass, at.attrelid, at.attnum
    from asked a join pg_catalog.pg_type t on t.typname = a.object and t.typnamespace = (select oid from ns)
    join pg_catalog.pg_attribute at on at.atttypid in (t.oid, t.typarray) and at.attnum > 0
    join pg_catalog.pg_class c on c.oid = at.attrelid and c.relkind in ('r', 'p')
    where a."of" = 'type')
  select t.at, json_agg(distinct case when d.classid = 'pg_rewrite'::regclass and r.rulename = '_RETURN'
      then pg_catalog.pg_describe_object('pg_class'::regclass, r.ev_class, 0)
      else pg_catalog.pg_describe_object(d.classid, d.objid, 0) end) as dependents
  from targets t
  join pg_catalog.pg_depend d on d.refclassid = t.classid and d.refobjid = t.objid
    and (t.sub is null or d.refobjsubid = t.sub)
  left join pg_catalog.pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  left join pg_catalog.pg_trigger g on d.classid = 'pg_trigger'::regclass and g.oid = d.objid
  left join pg_catalog.pg_policy p on d.classid = 'pg_policy'::regclass and p.oid = d.objid
  left join pg_catalog.pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
  where d.deptype in ('n', 'a')
    and case d.classid
      when 'pg_rewrite'::regclass then t."of" <> 'table' or r.ev_class <> t.objid
      when 'pg_trigger'::regclass then not g.tgisinternal and (t."of" <> 'table' or g.tgrelid <> t.objid)
      when 'pg_policy'::regclass then t."of" <> 'table' or p.polrelid <> t.objid
      when 'pg_proc'::regclass then true
      when 'pg_constraint'::regclass then
        t."of" <> 'retype' and k.contype = 'f' and k.connamespace <> (select oid from ns)
      else false end
  group by t.at`;
