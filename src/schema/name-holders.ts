/**
 * Who holds the names that a plan would take. A model has only what the planner manages; views,
 * materialized views, foreign tables, ranges, extensions' objects and the like hold names all the
 * same. The server is asked for the new names alone, so usually nothing is asked and nothing comes back.
 */
import type { Session } from "../postgres/session.js";
import { newNames, NO_HOLDERS, type NameHolder, type NameHolders } from "./diff/new-names.js";
import type { Model } from "./model.js";
import { readBoundConditions, readPartitionHolders } from "./partition-holders.js";
import type { Rename } from "./statement.js";

/**
 * An array type that the server made gives way by itself. Of constraints, constraint triggers and NOT
 * NULL (PostgreSQL 18) are in no model.
 */
const HOLDERS = `
  select 'relation' as space, c.relname as name,
    pg_catalog.pg_describe_object('pg_class'::regclass, c.oid, 0) as what,
    (select t.relname from pg_catalog.pg_index i
      join pg_catalog.pg_class t on t.oid = i.indrelid where i.indexrelid = c.oid) as "indexOf",
    case when c.relkind in ('i', 'I') and c.relispartition then (select r.relname
      from pg_catalog.pg_class r where r.oid = pg_catalog.pg_partition_root(c.oid)) end as "partOf"
  from pg_catalog.pg_class c
  where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
    and c.relname = any ($2)
  union all
  select 'type', t.typname, case when t.typrelid = 0
    then pg_catalog.pg_describe_object('pg_type'::regclass, t.oid, 0)
    else pg_catalog.pg_describe_object('pg_class'::regclass, t.typrelid, 0) end, null, null
  from pg_catalog.pg_type t
  where t.typnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
    and t.typname = any ($3) and not exists (
      select from pg_catalog.pg_type e where e.oid = t.typelem and e.typarray = t.oid)
  union all
  select 'constraint', concat(c.relname, '.', k.conname), case k.contype
      when 't' then 'constraint trigger ' else 'NOT NULL constraint ' end
    || pg_catalog.quote_ident(k.conname) || ' of ' || k.conrelid::regclass::text, null, null
  from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
  join unnest($4::text[], $5::text[]) as w(tab, con) on w.tab = c.relname and w.con = k.conname
  where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
    and k.contype in ('t', 'n')`;

interface Row extends NameHolder {
  readonly space: "relation" | "type" | "constraint";
  readonly name: string;
}

/** Needs an open transaction in the spelling of introspect.ts. */
export async function readNameHolders(
  session: Session,
  live: Model,
  desired: Model,
  renames: readonly Rename[],
): Promise<NameHolders> {
  const { relations, types, constraints } = newNames(live, desired);
  const bounds = await readBoundConditions(session, live, desired, renames);
  if (relations.length + types.length + constraints.length === 0) return { ...NO_HOLDERS, bounds };
  const rows = await session.query<Row & Record<string, unknown>>(HOLDERS, [
    desired.namespace,
    relations,
    types,
    constraints.map(({ table }) => table),
    constraints.map(({ name }) => name),
  ]);
  const of = (wanted: Row["space"]): Map<string, NameHolder> =>
    new Map(rows.flatMap(({ space, name, ...rest }) => (space === wanted ? [[name, rest]] : [])));
  return {
    relations: of("relation"),
    types: of("type"),
    constraints: of("constraint"),
    partitions: await readPartitionHolders(session, live, desired, renames),
    bounds,
  };
}
