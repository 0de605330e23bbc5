/**
 * What a live database holds that schema.sql can't: it stays there untouched, and the file says so.
 * A table that is built on such an object is among it, because a description without that part would
 * ask for a change.
 */
import type { Session } from "../postgres/session.js";

export interface Unmanaged {
  readonly kind: string;
  readonly name: string;
  /** Of a table: what it is built on. Of grants: what they are on. */
  readonly because: string | null;
}

const OBJECTS = `
  select case c.relkind when 'v' then 'view' when 'f' then 'foreign table' else 'materialized view' end
      as kind, c.relname as name, null::text as because
    from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('v', 'm', 'f')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  union all
  select 'function', p.oid::regprocedure::text, null from pg_proc p
    where p.pronamespace = $1::regnamespace and not exists (select from pg_depend d
      where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype in ('e', 'i'))
  union all
  select 'range type', t.typname, null from pg_type t
    where t.typnamespace = $1::regnamespace and t.typtype = 'r' and not exists (select from pg_depend d
      where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
  union all
  select 'trigger', t.tgname || ' on ' || t.tgrelid::regclass::text, null
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = $1::regnamespace and not t.tgisinternal
  union all
  select 'policy', p.polname || ' on ' || p.polrelid::regclass::text, null
    from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace = $1::regnamespace
  union all
  select 'rule', r.rulename || ' on ' || r.ev_class::regclass::text, null
    from pg_rewrite r join pg_class c on c.oid = r.ev_class
    where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p')
  union all
  select 'statistics', s.stxname || ' on ' || s.stxrelid::regclass::text, null
    from pg_statistic_ext s where s.stxnamespace = $1::regnamespace
  union all
  select 'row security', 'of ' || c.oid::regclass::text, null from pg_class c
    where c.relnamespace = $1::regnamespace and c.relrowsecurity
  union all
  select 'default privileges', 'of ' || d.defaclrole::regrole::text || ' for new ' || case d.defaclobjtype
      when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types'
      else 'schemas' end, null
    from pg_default_acl d where d.defaclnamespace in ($1::regnamespace, 0)`;

/** A role may hold some on every table: a line for each role, not for each table. */
const GRANTS = `
  with acls (relid, relacl, owner) as (
    select c.oid, c.relacl, c.relowner from pg_class c where c.relnamespace = $1::regnamespace
    union all
    select c.oid, a.attacl, c.relowner from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = $1::regnamespace and not a.attisdropped
  ), granted as (
    select distinct g.grantee, relid from acls, aclexplode(relacl) g
      where g.grantee <> owner and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = relid and d.deptype = 'e')
  )
  select 'grants' as kind,
      'to ' || case grantee when 0 then 'public' else grantee::regrole::text end as name,
      'on ' || case when count(*) <= 3 then string_agg(relid::regclass::text, ', ' order by relid::regclass::text)
        else count(*) || ' tables, views and sequences' end as because
    from granted group by grantee`;

/** A table with its columns, defaults, constraints and indexes, and what each of them needs. */
const TABLES = `
  with recursive ours as (
    select oid, relname from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p')
  ), parts (relid, classid, objid) as (
    select oid, 'pg_class'::regclass, oid from ours
    union all select adrelid, 'pg_attrdef'::regclass, d.oid from pg_attrdef d join ours on ours.oid = adrelid
    union all select conrelid, 'pg_constraint'::regclass, k.oid from pg_constraint k join ours on ours.oid = conrelid
    union all select indrelid, 'pg_class'::regclass, indexrelid from pg_index join ours on ours.oid = indrelid
  ), needs as (
    select p.relid, d.refclassid, d.refobjid from parts p
      join pg_depend d on d.classid = p.classid and d.objid = p.objid
    where not exists (select from pg_depend e where e.classid = d.refclassid and e.objid = d.refobjid
      and e.deptype = 'e')
  ), built_on (relid, because) as (
    select n.relid, 'function ' || f.oid::regprocedure::text from needs n
      join pg_proc f on n.refclassid = 'pg_proc'::regclass and f.oid = n.refobjid
      where f.pronamespace <> 'pg_catalog'::regnamespace
    union
    select n.relid, 'type ' || t.oid::regtype::text from needs n
      join pg_type t on n.refclassid = 'pg_type'::regclass and t.oid = n.refobjid
      left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
      where t.typnamespace not in ('pg_catalog'::regnamespace, $1::regnamespace)
        or (t.typnamespace = $1::regnamespace and coalesce(e.typtype, t.typtype) in ('r', 'm'))
    union
    select n.relid, 'table ' || r.oid::regclass::text from needs n
      join pg_class r on n.refclassid = 'pg_class'::regclass and r.oid = n.refobjid
      where r.relkind in ('r', 'p', 'S')
        and r.relnamespace not in ('pg_catalog'::regnamespace, $1::regnamespace)
    union
    select i.inhrelid, 'inherits from ' || i.inhparent::regclass::text from pg_inherits i
      join pg_class c on c.oid = i.inhrelid join ours on ours.oid = i.inhrelid where not c.relispartition
  ), left_out (relid, because) as (
    select relid, because from built_on
    union
    select n.relid, 'table ' || n.on_table::regclass::text from left_out l join (
      select conrelid as relid, confrelid as on_table from pg_constraint where contype = 'f'
      union all select inhrelid, inhparent from pg_inherits
      union all select i.inhparent, i.inhrelid from pg_inherits i
        join pg_class c on c.oid = i.inhrelid where c.relispartition
    ) n on n.on_table = l.relid
  )
  select 'table' as kind, ours.relname as name, min(because) as because
    from left_out join ours on ours.oid = left_out.relid group by ours.relname`;

/** In the order of kind and name. */
export async function readUnmanaged(session: Session, namespace: string): Promise<Unmanaged[]> {
  const [exists] = await session.query<{ exists: boolean }>(
    "select to_regnamespace(quote_ident($1)) is not null as exists",
    [namespace],
  );
  if (exists?.exists !== true) return [];
  const quoted = `"${namespace.replaceAll('"', '""')}"`;
  const objects = await session.query<Unmanaged>(OBJECTS, [quoted]);
  const grants = await session.query<Unmanaged>(GRANTS, [quoted]);
  const tables = await session.query<Unmanaged>(TABLES, [quoted]);
  return [...objects, ...grants, ...tables].sort((a, b) =>
    `${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1,
  );
}

/** The comment for schema.sql; empty when there is nothing to tell. */
export function unmanagedNote(others: readonly Unmanaged[]): string {
  if (others.length === 0) return "";
  const lines = others.map(
    ({ kind, name, because }) => `--   ${kind} ${name}${because === null ? "" : ` (${because})`}`,
  );
  return `\n-- Also in the database, and left alone by supervise (revisions are the place for them):\n${lines
    .map((line) => line.replaceAll("\n", " "))
    .join("\n")}\n`;
}
