/** The last guard of a scratch run: did anything in it touch, or bind to, a live object? */
import { SuperviseError } from "../errors.js";
import type { Session } from "../postgres/session.js";
import { lineAt } from "./position.js";
import type { SchemaStatement } from "./statement.js";

/** A live relation that this transaction locked as DDL does. An event trigger's own writes are not that. */
const LOCKED = `
  select format('%I.%I', n.nspname, c.relname) as name, c.relname as bare, 'locks' as how
  from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
  where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.granted
    and l.mode not in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
    and l.database = (select oid from pg_database where datname = current_database())
    and n.nspname not in ($1, 'pg_catalog', 'pg_toast', 'information_schema')
    and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass
      and e.objid = c.oid and e.deptype = 'e')
  limit 1`;

/** A live table, sequence or managed type of a user's schema that a scratch object depends on. */
const BOUND = `
  with scratch as (
    select 'pg_class'::regclass::oid as class, c.oid from pg_class c
      join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1
    union all select 'pg_type'::regclass, t.oid from pg_type t
      join pg_namespace n on n.oid = t.typnamespace where n.nspname = $1
    union all select 'pg_constraint'::regclass, k.oid from pg_constraint k
      join pg_namespace n on n.oid = k.connamespace where n.nspname = $1
    union all select 'pg_attrdef'::regclass, a.oid from pg_attrdef a
      join pg_class c on c.oid = a.adrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1)
  select format('%I.%I', n.nspname, coalesce(c.relname, t.typname)) as name,
    coalesce(c.relname, t.typname) as bare, 'uses' as how
  from scratch s join pg_depend d on d.classid = s.class and d.objid = s.oid
  left join pg_class c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
  left join pg_type t on d.refclassid = 'pg_type'::regclass and t.oid = d.refobjid
    and (t.typtype in ('e', 'd', 'c') or exists (select from pg_type el where el.oid = t.typelem
      and t.typcategory = 'A' and el.typtype in ('e', 'd', 'c')))
  join pg_namespace n on n.oid = coalesce(c.relnamespace, t.typnamespace)
  where n.nspname not in ($1, 'pg_catalog', 'pg_toast', 'information_schema')
    and not exists (select from pg_depend e where e.deptype = 'e' and e.classid = d.refclassid
      and e.objid in (d.refobjid, coalesce(t.typelem, 0)))
  limit 1`;

/** @throws SuperviseError SCHEMA_INVALID naming the live object, with file and line. */
export async function refuseTouched(
  session: Session,
  schema: string,
  namespace: string,
  statements: readonly SchemaStatement[],
): Promise<void> {
  for (const sql of [LOCKED, BOUND]) {
    const [row] = await session.query<{ name: string; bare: string; how: string }>(sql, [schema]);
    if (row === undefined) continue;
    throw new SuperviseError("SCHEMA_INVALID", {
      what: `a statement of the schema files ${row.how} ${row.name}, which the files do not create`,
      where: mentionOf(row.bare, statements) ?? `namespace ${namespace}`,
      remedy: "create it in the schema files too, or move what uses it to a revision",
    });
  }
}

/** The server tells the object, not the statement: the first that holds its name. */
function mentionOf(name: string, statements: readonly SchemaStatement[]): string | null {
  const word = new RegExp(`(?<!\\w)${name.replaceAll(/\W/g, "\\$&")}(?!\\w)`, "i");
  for (const { file, line, sql } of statements) {
    const at = sql.search(word);
    if (at >= 0) return `${file}:${line + lineAt(sql, at) - 1}`;
  }
  return null;
}
