/** A live database as schema.sql: the text from which the plan for that same database is empty. */
import { readFacts } from "../migration/facts.js";
import { openSession, type Session } from "../postgres/session.js";
import { classify } from "../schema/classify.js";
import { diffModels } from "../schema/diff/diff.js";
import { fixSpelling, introspect } from "../schema/introspect.js";
import type { Model } from "../schema/model.js";
import { order } from "../schema/order.js";
import { stepsFor } from "../schema/sql.js";

/** Other tools' own books: supervise leaves tables alone that schema.sql does not mention. */
const BOOKS =
  /^(pgmigrations|schema_migrations|_prisma_migrations|__drizzle_migrations|knex_migrations(_lock)?|SequelizeMeta)$/;
/** There from the start in every database. */
const BUILT_IN = new Set(["plpgsql"]);

/** Objects that schema.sql can't hold, with what they are; they stay in the database untouched. */
const OTHERS = `
  select case c.relkind when 'v' then 'view' else 'materialized view' end as kind, c.relname as name
    from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('v', 'm')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  union all
  select 'function', p.oid::regprocedure::text from pg_proc p
    where p.pronamespace = $1::regnamespace
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  union all
  select 'trigger', t.tgname || ' on ' || t.tgrelid::regclass::text
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = $1::regnamespace and not t.tgisinternal
  union all
  select 'policy', p.polname || ' on ' || p.polrelid::regclass::text
    from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace = $1::regnamespace
  order by 1, 2`;

/** Errors: those of opening a session. */
export async function schemaFromDatabase(url: string, namespace: string): Promise<string> {
  const session = await openSession(url, { applicationName: "supervise/init" });
  try {
    await session.query("begin isolation level repeatable read read only");
    await fixSpelling(session);
    const text = await describe(session, namespace);
    await session.query("rollback");
    return text;
  } finally {
    await session.end();
  }
}

async function describe(session: Session, namespace: string): Promise<string> {
  const found = await introspect(session, { schema: namespace, namespace, volatility: false });
  const statements = await statementsOf(session, withoutBooks(found));
  const [exists] = await session.query<{ exists: boolean }>(
    "select to_regnamespace(quote_ident($1)) is not null as exists",
    [namespace],
  );
  const others =
    exists?.exists === true
      ? await session.query<{ kind: string; name: string }>(OTHERS, [quoted(namespace)])
      : [];
  const note =
    others.length === 0
      ? ""
      : `\n-- Also in the database, and left alone by supervise (revisions are the place for them):\n${others
          .map(({ kind, name }) => `--   ${kind} ${name.replaceAll("\n", " ")}`)
          .join("\n")}\n`;
  return `-- The schema of the database as it is. Change this file and supervise applies what is safe:
-- supervise migrate --dry-run
${note}
${statements.map((sql) => `${sql};\n`).join("\n")}`;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function withoutBooks(model: Model): Model {
  const gone = new Set(model.tables.map(({ name }) => name).filter((name) => BOOKS.test(name)));
  return {
    ...model,
    // Another server may have another version.
    extensions: model.extensions
      .filter(({ name }) => !BUILT_IN.has(name))
      .map((extension) => ({ ...extension, version: null })),
    tables: model.tables.filter(({ name }) => !gone.has(name)),
    sequences: model.sequences.filter(
      ({ ownedBy }) => ownedBy === null || !gone.has(ownedBy.table),
    ),
  };
}

/** What would create it in an empty database, in an order that works. */
async function statementsOf(session: Session, desired: Model): Promise<string[]> {
  const { namespace } = desired;
  const live: Model = {
    namespace,
    extensions: [],
    enums: [],
    domains: [],
    composites: [],
    sequences: [],
    tables: [],
  };
  const none = new Set<string>();
  const changes = diffModels({
    live,
    desired,
    renames: [],
    explicitNames: none,
    owned: { tables: none, types: none, sequences: none },
    same: ({ live: one, desired: other }) => one === other,
  });
  const facts = await readFacts(session, live, changes, 0);
  const { additions } = order(
    changes.map((change) => classify(change, facts)),
    namespace,
  );
  return additions.flatMap((item) => stepsFor(item, facts, () => true).map(({ sql }) => sql));
}
