/**
 * Lets the server itself judge the schema files: they are created in a scratch schema inside the
 * caller's transaction, read back, and rolled back. Nothing here commits, no live object is named
 * (edits.ts), and before the result counts the server's own books are asked whether anything live
 * was touched all the same.
 */
import { randomBytes } from "node:crypto";
import { SuperviseError } from "../errors.js";
import { lockBudget } from "../postgres/lock-table.js";
import type { Session } from "../postgres/session.js";
import { SQLSTATE, sqlstateOf } from "../postgres/sqlstate.js";
import { withSpelledNames } from "./identity-names.js";
import { fixSpelling, introspect } from "./introspect.js";
import { refuseLeftOut } from "./left-out.js";
import type { Model } from "./model.js";
import { id, literal } from "./names.js";
import { timeWords } from "./now.js";
import { sortByNeeds } from "./sort.js";
import { scratchSql, type SchemaStatement, type WantedExtension } from "./statement.js";
import { cutBatches, type Batch } from "./batches.js";
import { cutUnits, fragmentOf, joinFragments, type Fragment, type Unit } from "./units.js";
import { scratchFailure } from "./scratch-failure.js";
import { refuseTouched } from "./touched.js";

export interface ScratchInput {
  readonly namespace: string;
  readonly statements: readonly SchemaStatement[];
  readonly extensions: readonly WantedExtension[];
  /** What earlier runs found out, by unit; a unit with the same hash is not created again. */
  readonly known: ReadonlyMap<string, Fragment>;
}

export interface Judged {
  readonly model: Model;
  /** By unit, for the next run; empty when the files cannot be cut into units. */
  readonly fragments: ReadonlyMap<string, Fragment>;
}

/**
 * What the statements mean on this server. Needs an open transaction; leaves it as it was.
 *
 * @throws SuperviseError SCHEMA_INVALID with file and line; PRIVILEGE_MISSING.
 */
export async function readDesired(session: Session, input: ScratchInput): Promise<Judged> {
  const { namespace, statements, extensions, known } = input;
  // What extensions offer decides what the statements mean.
  const salt = JSON.stringify([namespace, session.serverVersionNum, extensions]);
  const units = cutUnits(statements, salt);
  if (units === null) {
    const model = await createAndRead(session, input, statements);
    return { model: { ...model, extensions }, fragments: new Map() };
  }
  const fragments = new Map<string, Fragment>();
  const wanted: Unit[] = [];
  for (const unit of units) {
    const fragment = known.get(unit.key);
    if (fragment?.hash === unit.hash) fragments.set(unit.key, fragment);
    else wanted.push(unit);
  }
  for (const batch of cutBatches(wanted, units, await lockBudget(session))) {
    const model = await createAndRead(session, input, statementsOf(batch));
    for (const unit of batch.wanted) fragments.set(unit.key, fragmentOf(unit, model));
  }
  return { model: joinFragments(fragments.values(), namespace, extensions), fragments };
}

/** In the order of the files. */
function statementsOf({ wanted, support }: Batch): SchemaStatement[] {
  const copies = wanted.some((unit) => unit.statements.some(copiesAnother));
  return [
    ...wanted.flatMap((unit) => unit.statements),
    ...support.flatMap((unit) =>
      unit.statements.filter(({ kind }) =>
        kind === "comment" ? copies && canBeEarly(unit.statements) : kind !== "foreign_key",
      ),
    ),
  ].sort((a, b) => (a.file === b.file ? a.start - b.start : a.fileIndex - b.fileIndex));
}

/** How a scratch schema is named: unique, so that two sessions never wait for one another. */
const scratchName = (): string => `dazzle_scratch_${randomBytes(8).toString("hex")}`;

async function createAndRead(
  session: Session,
  input: ScratchInput,
  statements: readonly SchemaStatement[],
): Promise<Model> {
  const schema = scratchName();
  await session.query("savepoint dazzle_scratch");
  try {
    await createSchema(session, schema);
    const path = await scratchPath(session, schema, input);
    await createExtensions(session, schema, input);
    await session.query(`set local search_path = ${path}`);
    for (const statement of inOrder(statements)) await create(session, schema, statement);
    await refuseTouched(session, schema, input.namespace, statements);
    await refuseLeftOut(session, schema, statements);
    await fixSpelling(session);
    const model = await introspect(session, {
      schema,
      namespace: input.namespace,
      volatility: true,
      timeWords: new Set(statements.flatMap(({ sql }) => timeWords(sql))),
    });
    return withSpelledNames(model, statements);
  } finally {
    if (!session.lost.aborted) await session.query("rollback to savepoint dazzle_scratch");
  }
}

/** `LIKE ... INCLUDING ALL` copies the comments that stand in front of it. */
const copiesAnother = ({ kind, sql }: SchemaStatement): boolean =>
  kind === "table" && /\blike\b/i.test(sql);

/** A comment may be on a foreign key, which comes behind all tables. */
const canBeEarly = (statements: readonly SchemaStatement[]): boolean =>
  !statements.some(({ kind }) => kind === "foreign_key");

/**
 * Dependencies first, foreign keys behind all tables, comments last unless a table copies them;
 * otherwise as written.
 */
function inOrder(statements: readonly SchemaStatement[]): SchemaStatement[] {
  const lastCopy = statements.findLastIndex(copiesAnother);
  const referring = new Set(
    statements.flatMap(({ kind, subject }) => (kind === "foreign_key" ? [subject] : [])),
  );
  const copied = new Set(
    statements
      .slice(0, Math.max(lastCopy, 0))
      .filter(({ kind, subject }) => kind === "comment" && !referring.has(subject)),
  );
  const late = (statement: SchemaStatement): number =>
    statement.kind === "foreign_key"
      ? 1
      : statement.kind === "comment" && !copied.has(statement)
        ? 2
        : 0;
  const sorted = sortByNeeds(
    statements.map((item) => ({
      item,
      provides: item.defines,
      needs: late(item) === 0 ? item.needs : [],
    })),
  );
  return [0, 1, 2].flatMap((rank) => sorted.filter((statement) => late(statement) === rank));
}

async function createSchema(session: Session, schema: string): Promise<void> {
  try {
    await session.query(`create schema ${schema}`);
  } catch (error) {
    const code = sqlstateOf(error);
    // An event trigger of the database may refuse whatever it likes.
    if (code === SQLSTATE.raised && error instanceof Error) throw refusedByTrigger(error);
    if (code !== SQLSTATE.insufficientPrivilege) throw error;
    await session.query("rollback to savepoint dazzle_scratch");
    const [row] = await session.query<{ grant: string }>(
      `select format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user) as grant`,
    );
    throw new SuperviseError("PRIVILEGE_MISSING", {
      what: "the role may not create a schema, which checking schema.sql needs (it is always rolled back)",
      remedy: `as the database's owner run: ${row?.grant ?? "GRANT CREATE ON DATABASE"}`,
      cause: error,
    });
  }
}

const refusedByTrigger = (error: Error): SuperviseError =>
  new SuperviseError("MIGRATION_FAILED", {
    what: `the database refuses a scratch schema, which checking schema.sql needs (it is always rolled back): ${error.message}`,
    where: "an event trigger",
    remedy: "let it pass schemas named dazzle_scratch_..., or run this when it allows changes",
    cause: error,
  });

/**
 * Scratch first; then the namespace, for functions that revisions made there; then where
 * extensions live. Tables and types of the files are always named with the scratch schema, so none
 * of these can stand in for them.
 */
async function scratchPath(
  session: Session,
  schema: string,
  { namespace }: ScratchInput,
): Promise<string> {
  const rows = await session.query<{ schema: string }>(
    `select distinct n.nspname as schema from pg_extension e
     join pg_namespace n on n.oid = e.extnamespace where n.nspname <> 'pg_catalog' order by 1`,
  );
  return [schema, namespace, ...rows.map((row) => row.schema)].map(id).join(", ");
}

/** Only those that are not installed yet; they go with the scratch schema. */
async function createExtensions(
  session: Session,
  schema: string,
  input: ScratchInput,
): Promise<void> {
  for (const extension of input.extensions) {
    const [present] = await session.query(`select from pg_extension where extname = $1`, [
      extension.name,
    ]);
    if (present !== undefined) continue;
    const own = extension.schema === null || extension.schema === input.namespace;
    const version = extension.version === null ? "" : ` version ${literal(extension.version)}`;
    await session
      .query(
        `create extension ${id(extension.name)} with schema ${extension.schema === null || own ? schema : id(extension.schema)}${version} cascade`,
      )
      .catch((error: unknown) => {
        throw new SuperviseError("SCHEMA_INVALID", {
          what: `the extension ${extension.name} cannot be created: ${error instanceof Error ? error.message : String(error)}`,
          where: "CREATE EXTENSION in the schema files",
          remedy: "install it on the server, or let a superuser create it once in this database",
          cause: error,
        });
      });
  }
}

async function create(session: Session, schema: string, statement: SchemaStatement): Promise<void> {
  const sql = scratchSql(statement, schema);
  try {
    await session.query(sql);
  } catch (error) {
    throw scratchFailure(error, statement, sql, schema);
  }
}
