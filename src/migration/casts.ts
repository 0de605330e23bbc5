/** Whether the server knows a cast for a change of type. Where it does not, a person has to write one. */
import type { Session } from "../postgres/session.js";
import type { Change } from "../schema/changes.js";

/** Needs an open transaction; leaves it as it was. */
export async function withCasts(session: Session, changes: readonly Change[]): Promise<Change[]> {
  const result: Change[] = [];
  for (const change of changes) {
    if (change.kind !== "alteration" || change.cast === null) {
      result.push(change);
      continue;
    }
    const { from, to } = change.cast;
    const isReversible = await isKnown(session, { from: to, to: from });
    if (await isKnown(session, change.cast)) {
      result.push(isReversible ? change : { ...change, down: null });
    } else {
      result.push({
        ...change,
        note: `PostgreSQL knows no cast from ${from} to ${to}: a person has to write the USING expression`,
      });
    }
  }
  return result;
}

async function isKnown(
  session: Session,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<boolean> {
  if (to === `${from}[]`) return true;
  await session.query("savepoint dazzle_cast");
  try {
    await session.query(`select null::${from}::${to}`);
    await session.query("release savepoint dazzle_cast");
    return true;
  } catch (error) {
    if (session.lost.aborted) throw error;
    await session.query("rollback to savepoint dazzle_cast");
    // 42846 cannot_coerce; a type that is yet to be created is reached by way of text.
    return !(error instanceof Error && "code" in error && error.code === "42846");
  }
}
