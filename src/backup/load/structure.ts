/**
 * What stands in the way of loading rows and is put back behind them, all in the one transaction:
 * foreign keys, triggers of the user, forced row level security. Every statement is one that the
 * owner of the tables may run; none needs a superuser.
 */
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../../postgres/quote.js";
import type { Session } from "../../postgres/session.js";

/** Statements that clear the way, and those that restore what was. */
export interface Structure {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The given tables and the partitioned tables above them. */
const WITH_PARENTS = `
  with mine as (
    select t.oid from unnest($1::pg_catalog.oid[]) as t (oid)
    union
    select a.relid from unnest($1::pg_catalog.oid[]) as t (oid),
      lateral pg_catalog.pg_partition_ancestors(t.oid) as a (relid)
  )`;

const FOREIGN_KEYS = `${WITH_PARENTS}
  select n.nspname as schema, c.relname as table, k.conname as name,
    pg_catalog.pg_get_constraintdef(k.oid) as definition,
    pg_catalog.obj_description(k.oid, 'pg_constraint') as comment
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where k.contype = 'f' and k.conparentid = 0
    and (k.conrelid in (select oid from mine) or k.confrelid in (select oid from mine))
  order by 1, 2, 3`;

/** Copies of a partitioned table's triggers count; those behind constraints do not. */
const TRIGGERS = `${WITH_PARENTS}
  select n.nspname as schema, c.relname as table, t.tgname as name, t.tgenabled::text as enabled
  from pg_catalog.pg_trigger t
  join mine on mine.oid = t.tgrelid
  join pg_catalog.pg_class c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
  where (not t.tgisinternal or t.tgparentid <> 0) and coalesce(k.contype, 't') = 't'
    and t.tgenabled <> 'D'
  order by 1, 2, 3`;

const FORCED = `${WITH_PARENTS}
  select n.nspname as schema, c.relname as table
  from pg_catalog.pg_class c join mine on mine.oid = c.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relforcerowsecurity`;

interface OnTable extends Record<string, unknown> {
  readonly schema: string;
  readonly table: string;
}

interface ForeignKeyRow extends OnTable {
  readonly name: string;
  readonly definition: string;
  readonly comment: string | null;
}

interface TriggerRow extends OnTable {
  readonly name: string;
  readonly enabled: string;
}

const alter = ({ schema, table }: OnTable, only = "only "): string =>
  `alter table ${only}${quoteQualified(schema, table)}`;

const ENABLE: Readonly<Record<string, string>> = { R: "replica ", A: "always " };

/** In the order to run them. Expects an empty search path, so that definitions name their schemas. */
export async function readStructure(
  session: Session,
  tables: readonly { readonly oid: string }[],
): Promise<Structure> {
  const oids = [tables.map((table) => table.oid)];
  const keys = await session.query<ForeignKeyRow>(FOREIGN_KEYS, oids);
  const triggers = await session.query<TriggerRow>(TRIGGERS, oids);
  const forced = await session.query<OnTable>(FORCED, oids);
  const name = quoteIdentifier;
  return {
    before: [
      ...forced.map((on) => `${alter(on)} no force row level security`),
      ...triggers.map((on) => `${alter(on)} disable trigger ${name(on.name)}`),
      ...keys.map((on) => `${alter(on, "")} drop constraint ${name(on.name)}`),
    ],
    after: [
      ...keys.map((on) => `${alter(on, "")} add constraint ${name(on.name)} ${on.definition}`),
      ...keys
        .filter((on) => on.comment !== null)
        .map(
          (on) =>
            `comment on constraint ${name(on.name)} on ${quoteQualified(on.schema, on.table)} is ${quoteLiteral(on.comment ?? "")}`,
        ),
      ...triggers.map(
        (on) => `${alter(on)} enable ${ENABLE[on.enabled] ?? ""}trigger ${name(on.name)}`,
      ),
      ...forced.map((on) => `${alter(on)} force row level security`),
    ],
  };
}
