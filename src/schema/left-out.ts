/**
 * What the server made of the files although the model has no place for it. It would be lost in
 * silence, so it is refused where it is written.
 */
import { SuperviseError } from "../errors.js";
import type { Session } from "../postgres/session.js";
import { lex } from "./lexer.js";
import type { SchemaStatement } from "./statement.js";

interface LeftOut {
  readonly what: string;
  /** What the statement is about, and the kind that it is of where that tells it. */
  readonly subject: string;
  readonly comment: boolean;
  /** A name that the statement holds. */
  readonly word: string;
  /** The server may have made the name up itself, or copied it. */
  readonly unlessSpelled: boolean;
}

/** An extension that is not installed yet is created in scratch, with comments of its own. */
const isOurs = (oids: string): string =>
  `not exists (select from pg_depend e where e.deptype = 'e' and e.objid in (${oids}))`;

/** Parts of what a parent has, row types, and NOT NULL where it is a constraint (18 and newer). */
const COMMENTS = `
  select 'a comment on ' || case c.relkind when 'I' then 'the partitioned index ' else 'the index ' end
      || quote_ident(c.relname) || ', which is a partition''s part of another' as what,
    c.relname as subject, true as comment, c.relname as word, false as "unlessSpelled"
  from pg_class c join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid
  where c.relnamespace = $1::regnamespace and c.relkind in ('i', 'I')
    and exists (select from pg_inherits h where h.inhrelid = c.oid)
    and ${isOurs("select indrelid from pg_index where indexrelid = c.oid")}
  union all
  select 'a comment on the constraint ' || quote_ident(k.conname) || ', which is '
      || case k.contype when 'n' then 'a NOT NULL' else 'a parent''s' end,
    coalesce(c.relname, t.typname), true, k.conname, false
  from pg_constraint k join pg_description d
    on d.classoid = 'pg_constraint'::regclass and d.objoid = k.oid
  left join pg_class c on c.oid = k.conrelid left join pg_type t on t.oid = k.contypid
  where k.connamespace = $1::regnamespace
    and (k.conparentid <> 0 or k.coninhcount > 0 or k.contype = 'n')
    and ${isOurs("k.conrelid, k.contypid")}
  union all
  select 'a comment on the type ' || quote_ident(t.typname) || ', which comes with a table or a type',
    t.typname, true, t.typname, false
  from pg_type t join pg_description d on d.classoid = 'pg_type'::regclass and d.objoid = t.oid
  left join pg_class c on c.oid = t.typrelid
  where t.typnamespace = $1::regnamespace
    and not (t.typtype in ('e', 'd') or coalesce(c.relkind = 'c', false))
    and ${isOurs("t.oid, t.typrelid")}`;

const NOT_NULL = `
  select case when k.connoinherit then 'NOT NULL with NO INHERIT'
      when not k.convalidated then 'NOT NULL that is NOT VALID'
      else 'a name for NOT NULL (' || quote_ident(k.conname) || ')' end,
    o.name, false, k.conname, k.convalidated and not k.connoinherit
  from pg_constraint k
  left join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
  join lateral (select coalesce((select relname from pg_class where oid = k.conrelid),
    (select typname from pg_type where oid = k.contypid)) as name) o on true
  where k.connamespace = $1::regnamespace and k.contype = 'n' and k.coninhcount = 0
    and (k.connoinherit or not k.convalidated
      or k.conname <> concat_ws('_', o.name, a.attname, 'not_null'))
    and ${isOurs("k.conrelid, k.contypid")}`;

/** @throws SuperviseError SCHEMA_UNSUPPORTED with file and line. */
export async function refuseLeftOut(
  session: Session,
  schema: string,
  statements: readonly SchemaStatement[],
): Promise<void> {
  const parts = session.serverVersionNum < 170000 ? [COMMENTS] : [COMMENTS, NOT_NULL];
  for (const row of await session.query<LeftOut & object>(parts.join("\nunion all"), [schema])) {
    const own = statements.filter(
      ({ kind, subject }) => subject === row.subject && (kind === "comment") === row.comment,
    );
    const spelled = own.find(({ sql }) => lex(sql).some(({ value }) => value === row.word));
    if (spelled === undefined && row.unlessSpelled) continue;
    const at = spelled ?? own[0] ?? statements[0];
    throw new SuperviseError("SCHEMA_UNSUPPORTED", {
      what: row.what,
      where: at === undefined ? "the schema files" : `${at.file}:${at.line}`,
      remedy: "remove it, or write it as a revision: supervise db revision -m TEXT",
    });
  }
}
