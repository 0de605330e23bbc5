/** What the role lacks where the server refuses it, as the statements that would give it. */
import { SuperviseError } from "../errors.js";
import { refusalCode } from "../postgres/refusal.js";
import type { Session } from "../postgres/session.js";

/**
 * All that work on a namespace needs, so that a person grants once and not refusal by refusal; with
 * the names that the server's message holds where it is about that.
 */
const GRANTS = `
  select array[current_database()::text] as names,
      format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user) as sql
    where not has_database_privilege(current_database(), 'CREATE')
  union all
  select array[nspname::text], format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', nspname, current_user)
    from pg_namespace where nspname = $1
    and not (has_schema_privilege(oid, 'USAGE') and has_schema_privilege(oid, 'CREATE'))
  union all
  select array['dazzle'], format('GRANT USAGE ON SCHEMA dazzle TO %I', current_user)
    from pg_namespace where nspname = 'dazzle' and not has_schema_privilege(oid, 'USAGE')
  union all
  select array_agg(c.relname::text),
      format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA dazzle TO %I', current_user)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'dazzle' and c.relkind = 'r' and not (
      has_table_privilege(c.oid, 'SELECT') and has_table_privilege(c.oid, 'INSERT')
      and has_table_privilege(c.oid, 'UPDATE') and has_table_privilege(c.oid, 'DELETE'))
    having count(*) > 0`;

/**
 * Objects of the namespace that the refusal $2 names and that belong to a role this one is no member
 * of. Nobody is made a member of a superuser's role for the sake of a table.
 */
const OWNERS = `
  select distinct case when r.rolsuper
    then format('ALTER %s %I.%I OWNER TO %I', o.kind, $1, o.name, current_user)
    else format('GRANT %I TO %I', r.rolname, current_user) end as sql
  from (
    select case relkind when 'S' then 'SEQUENCE' else 'TABLE' end as kind, relname as name,
      relowner as owner
    from pg_class where relnamespace = (select oid from pg_namespace where nspname = $1)
      and relkind in ('r', 'p', 'S')
    union all
    select case typtype when 'd' then 'DOMAIN' else 'TYPE' end, typname, typowner
    from pg_type where typnamespace = (select oid from pg_namespace where nspname = $1)
      and typtype in ('e', 'd')) o
  join pg_roles r on r.oid = o.owner
  where not pg_has_role(o.owner, 'USAGE') and $2 ~ ('\\m' || regexp_replace(o.name, '\\W', '.', 'g') || '\\M')`;

/** Runs `work`; where the server refuses the role something, the error says what to run, and all of it. */
export async function namingGrants<T>(
  session: Session,
  namespace: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || session.lost.aborted || !isRefusal(error)) throw error;
    const statements = await lacking(session, namespace, error);
    if (statements.length === 0) throw error;
    const remedy = `as a superuser, or as the owner of what it names, run: ${statements.join("; ")}`;
    throw error instanceof SuperviseError
      ? new SuperviseError(error.code, { ...error.parts, remedy })
      : new SuperviseError("PRIVILEGE_MISSING", {
          what: `the database refuses: ${error.message}`,
          remedy,
          cause: error,
        });
  }
}

const isRefusal = (error: Error): boolean =>
  error instanceof SuperviseError
    ? error.code === "PRIVILEGE_MISSING"
    : refusalCode(error) === "PRIVILEGE_MISSING";

async function lacking(session: Session, namespace: string, error: Error): Promise<string[]> {
  const { message } = error.cause instanceof Error ? error.cause : error;
  const grants = await session.query<{ names: string[]; sql: string }>(GRANTS, [namespace]);
  // A revision may be refused what has nothing to do with the namespace, such as creating a role.
  const isAboutThem = grants.some(({ names }) => names.some((name) => message.includes(name)));
  const found = isAboutThem
    ? grants
    : await session.query<{ sql: string }>(OWNERS, [namespace, message]);
  return found.map(({ sql }) => sql);
}
