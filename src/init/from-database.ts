/** A live database as schema.sql: the text from which the plan for that same database is empty. */
import { readFacts } from "../migration/facts.js";
import { openSession, type Session } from "../postgres/session.js";
import { classify } from "../schema/classify.js";
import { diffModels } from "../schema/diff/diff.js";
import { NO_MEMORY } from "../schema/diff/circles.js";
import { NO_HOLDERS } from "../schema/diff/new-names.js";
import { withoutServersNames } from "../schema/identity-names.js";
import { fixSpelling, introspect } from "../schema/introspect.js";
import type { Model } from "../schema/model.js";
import { order } from "../schema/order.js";
import { stepsFor } from "../schema/sql.js";
import { readUnmanaged, unmanagedNote } from "./unmanaged.js";

/** Other tools' own books: supervise leaves tables alone that schema.sql does not mention. */
const BOOKS =
  /^(pgmigrations|schema_migrations|_prisma_migrations|__drizzle_migrations|knex_migrations(_lock)?|SequelizeMeta)$/;
/** There from the start in every database. */
const BUILT_IN = new Set(["plpgsql"]);

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
  const others = await readUnmanaged(session, namespace);
  const leftOut = others.flatMap(({ kind, name }) => (kind === "table" ? [name] : []));
  const wanted = withoutServersNames(without(found, new Set(leftOut)));
  const statements = await statementsOf(session, wanted);
  return `-- The schema of the database as it is. Change this file and supervise applies what is safe:
-- supervise migrate --dry-run
${unmanagedNote(others)}
${statements.map((sql) => `${sql};\n`).join("\n")}`;
}

function without(model: Model, leftOut: ReadonlySet<string>): Model {
  const gone = new Set(
    model.tables.map(({ name }) => name).filter((name) => BOOKS.test(name) || leftOut.has(name)),
  );
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
    held: NO_HOLDERS,
    parts: new Map(),
    memory: NO_MEMORY,
  });
  const facts = await readFacts(session, live, changes, 0);
  const { additions } = order(
    changes.map((change) => classify(change, facts)),
    namespace,
  );
  return additions.flatMap((item) => stepsFor(item, facts, () => true).map(({ sql }) => sql));
}
