/**
 * Revisions in a database that was created from the schema files. What these state is there from
 * the first moment, so statements of such a revision may find their work done: a column that is
 * renamed has its new name. They are passed over, with a word in the log; what schema files do not
 * state (functions, views, triggers, rows) runs as always (done-already.ts). The versions that this is true for are a
 * row of dazzle.applied under a name of its own, until each is recorded.
 */
import type { Session } from "../../postgres/session.js";
import { SQLSTATE, sqlstateOf } from "../../postgres/sqlstate.js";
import type { AlterPart } from "./alter-parts.js";
import { isDone } from "./done-already.js";
import type { RevisionStatement } from "./statements.js";

export interface Founding {
  readonly versions: ReadonlySet<string>;
  /** Names that revisions take away. */
  readonly gone: ReadonlySet<string>;
  /** Renames of what a later statement brings again (`placeOf`): what has the name is the later one. */
  readonly renamedLater: ReadonlySet<string>;
}

/** Tells a statement from the others. */
export const placeOf = (version: string, { line, sql }: RevisionStatement): string =>
  `${version}:${line} ${sql}`;

const nameOf = (namespace: string): string => `${namespace} revision founding`;

export async function readFounding(
  session: Session,
  namespace: string,
): Promise<ReadonlySet<string>> {
  try {
    const [row] = await session.query<{ statements: string[] }>(
      "select statements from dazzle.applied where namespace = $1",
      [nameOf(namespace)],
    );
    return new Set(row?.statements);
  } catch (error) {
    const state = sqlstateOf(error);
    if (state === SQLSTATE.undefinedTable || state === SQLSTATE.noSuchSchema) return new Set();
    throw error;
  }
}

/** Before the first table is created, so that a run which is killed leaves the word behind. */
export async function noteFounding(
  session: Session,
  namespace: string,
  versions: readonly string[],
): Promise<void> {
  await session.query("begin read write");
  await session.query("delete from dazzle.applied where namespace = $1", [nameOf(namespace)]);
  await session.query(
    "insert into dazzle.applied (namespace, statements, owned, unfinished) values ($1, $2, '{}', '[]')",
    [nameOf(namespace), versions],
  );
  await session.query("commit");
}

/** In the transaction that records the revision. */
export async function forgetFounding(
  session: Session,
  namespace: string,
  version: string,
): Promise<void> {
  await session.query(
    "update dazzle.applied set statements = array_remove(statements, $2) where namespace = $1",
    [nameOf(namespace), version],
  );
  await session.query("delete from dazzle.applied where namespace = $1 and statements = '{}'", [
    nameOf(namespace),
  ]);
}

/**
 * Runs a statement that may find its work done; false when it did.
 *
 * @param gone names that revisions take away
 */
export async function runUnlessDone(
  session: Session,
  statement: RevisionStatement,
  gone: ReadonlySet<string>,
  inTransaction: boolean,
): Promise<boolean> {
  const around = async (command: string): Promise<void> => {
    if (inTransaction) await session.query(`${command} dazzle_founding`);
  };
  await around("savepoint");
  try {
    await session.query(statement.sql);
    await around("release savepoint");
    return true;
  } catch (error) {
    if (session.lost.aborted) throw error;
    const inParts = statement.parts.some((part) => isDone(error, part, gone));
    if (!inParts && !isDone(error, statement, gone)) throw error;
    await around("rollback to savepoint");
    return inParts ? runParts(session, statement.parts, gone, inTransaction) : false;
  }
}

/** Some of the commands are done: each is run by itself, and all of them or none. */
async function runParts(
  session: Session,
  parts: readonly AlterPart[],
  gone: ReadonlySet<string>,
  inTransaction: boolean,
): Promise<boolean> {
  let ran = false;
  if (!inTransaction) await session.query("begin read write");
  try {
    for (const part of parts) {
      await session.query("savepoint dazzle_part");
      try {
        await session.query(part.sql);
        ran = true;
      } catch (error) {
        if (session.lost.aborted || !isDone(error, part, gone)) throw error;
        await session.query("rollback to savepoint dazzle_part");
      }
      await session.query("release savepoint dazzle_part");
    }
    if (!inTransaction) await session.query("commit");
  } catch (error) {
    if (!inTransaction && !session.lost.aborted) await session.query("rollback");
    throw error;
  }
  return ran;
}
