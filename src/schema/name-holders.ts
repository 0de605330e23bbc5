/**
 * Who holds the names that a plan would take. A model has only what the planner manages; views,
 * materialized views, foreign tables, ranges, extensions' objects and the like hold names all the
 * same. The server is asked for the new names alone, so usually nothing is asked and nothing comes back.
 */
import type { Session } from "../postgres/session.js";
import { newNames, NO_HOLDERS, type NameHolder, type NameHolders } from "./diff/new-names.js";
import type { Model } from "./model.js";

/** An array type that the server made gives way by itself. */
const HOLDERS = `
  select 'relation' as space, c.relname as name,
    pg_catalog.pg_describe_object('pg_class'::regclass, c.oid, 0) as what,
    (select t.relname from pg_catalog.pg_index i
      join pg_catalog.pg_class t on t.oid = i.indrelid where i.indexrelid = c.oid) as "indexOf"
  from pg_catalog.pg_class c
  where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
    and c.relname = any ($2)
  union all
  select 'type', t.typname, case when t.typrelid = 0
    then pg_catalog.pg_describe_object('pg_type'::regclass, t.oid, 0)
    else pg_catalog.pg_describe_object('pg_class'::regclass, t.typrelid, 0) end, null
  from pg_catalog.pg_type t
  where t.typnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
    and t.typname = any ($3) and not exists (
      select from pg_catalog.pg_type e where e.oid = t.typelem and e.typarray = t.oid)`;

interface Row extends NameHolder {
  readonly space: "relation" | "type";
  readonly name: string;
}

/** Needs the spelling of introspect.ts. */
export async function readNameHolders(
  session: Session,
  live: Model,
  desired: Model,
): Promise<NameHolders> {
  const { relations, types } = newNames(live, desired);
  if (relations.length === 0 && types.length === 0) return NO_HOLDERS;
  const rows = await session.query<Row & Record<string, unknown>>(HOLDERS, [
    desired.namespace,
    relations,
    types,
  ]);
  const of = (wanted: Row["space"]): Map<string, NameHolder> =>
    new Map(rows.flatMap(({ space, name, ...rest }) => (space === wanted ? [[name, rest]] : [])));
  return { relations: of("relation"), types: of("type") };
}
