/**
 * What the server knows of a change of type: whether there is a cast, and what it does with it. Where
 * there is none, a person has to write one.
 */
import type { Session } from "../postgres/session.js";
import { SQLSTATE, sqlstateOf } from "../postgres/sqlstate.js";
import type { Alteration, Change, Retyping } from "../schema/changes.js";
import { literal } from "../schema/names.js";
import { retypeNote, retypeReason } from "../schema/retype.js";
import { elementsOf, tryOut } from "./try-out.js";

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
  const { from, to, byText } = cast;
  if (!byText && !(await isKnown(session, from, to))) {
    return {
      ...change,
      note: `PostgreSQL knows no cast from ${from} to ${to}: a person has to write the USING expression`,
    };
  }
  const elements = elementsOf(cast);
  const misfits = byText ? await misfitsOf(session, elements.from, elements.to) : null;
  const tried = await tryOut(session, cast);
  const retyped = tried !== null && misfits?.length === 0 ? { ...tried, fits: true } : tried;
  return {
    ...change,
    down: byText || (await isKnown(session, to, from)) ? change.down : null,
    retyped,
    reason: retypeReason(cast.what, retyped),
    note:
      misfits !== null && misfits.length > 0
        ? `rows that hold ${misfits.join(", ")} make it fail: a person has to change them first`
        : retypeNote(retyped),
  };
}

/** Values of an enum that the other type does not have; null: the type is no enum. */
async function misfitsOf(session: Session, from: string, to: string): Promise<string[] | null> {
  const labels = await session.query<{ label: string }>(
    `select e.enumlabel as label from pg_catalog.pg_enum e
     where e.enumtypid = pg_catalog.to_regtype($1) order by e.enumsortorder`,
    [from],
  );
  if (labels.length === 0) return null;
  const misfits: string[] = [];
  for (const { label } of labels) {
    if (!(await takes(session, `select ${literal(label)}::${to}`))) misfits.push(literal(label));
  }
  return misfits;
}

/** Whether the server takes the value, as far as it knows the type already. */
async function takes(session: Session, sql: string): Promise<boolean> {
  await session.query("savepoint dazzle_cast");
  try {
    await session.query(sql);
    await session.query("release savepoint dazzle_cast");
    return true;
  } catch (error) {
    if (session.lost.aborted) throw error;
    await session.query("rollback to savepoint dazzle_cast");
    return sqlstateOf(error) === SQLSTATE.undefinedObject;
  }
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
