/**
 * What the server knows of a change of type: whether there is a cast, and what it does with it. Where
 * there is none, a person has to write one.
 */
import type { Session } from "../postgres/session.js";
import { SQLSTATE, sqlstateOf } from "../postgres/sqlstate.js";
import type { Alteration, Change, Retyping } from "../schema/changes.js";
import { retypeNote, retypeReason } from "../schema/retype.js";
import { tryOut } from "./try-out.js";

/** Needs an open transaction; leaves it as it was. */
export async function withCasts(session: Session, changes: readonly Change[]): Promise<Change[]> {
  const result: Change[] = [];
  for (const change of changes) {
    if (change.kind === "alteration" && change.cast !== null) {
      result.push(await asked(session, change, change.cast));
    } else result.push(change);
  }
  return result;
}

async function asked(session: Session, change: Alteration, cast: Retyping): Promise<Alteration> {
  const { from, to } = cast;
  if (!(await isKnown(session, from, to))) {
    return {
      ...change,
      note: `PostgreSQL knows no cast from ${from} to ${to}: a person has to write the USING expression`,
    };
  }
  const retyped = await tryOut(session, cast);
  return {
    ...change,
    down: (await isKnown(session, to, from)) ? change.down : null,
    retyped,
    reason: retypeReason(cast.what, retyped),
    note: retypeNote(retyped),
  };
}

async function isKnown(session: Session, from: string, to: string): Promise<boolean> {
  if (to === `${from}[]`) return true;
  await session.query("savepoint dazzle_cast");
  try {
    await session.query(`select null::${from}::${to}`);
    await session.query("release savepoint dazzle_cast");
    return true;
  } catch (error) {
    if (session.lost.aborted) throw error;
    await session.query("rollback to savepoint dazzle_cast");
    // A type that is yet to be created is reached by way of text.
    return sqlstateOf(error) !== SQLSTATE.cannotCoerce;
  }
}
