/** Large objects, restored under the oids that rows refer to. */
import type { Session } from "../../postgres/session.js";
import { gathered } from "./copy-in.js";

const PIECE_BYTES = 1 << 20;

/** Creates the object `oid`, in place of one that has this oid. */
export async function loadObject(
  session: Session,
  oid: string,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  await session.query(
    `select pg_catalog.lo_unlink(oid) from pg_catalog.pg_largeobject_metadata where oid = $1`,
    [oid],
  );
  await session.query("select pg_catalog.lo_create($1)", [oid]);
  let at = 0;
  for await (const piece of gathered(content, PIECE_BYTES)) {
    await session.query("select pg_catalog.lo_put($1, $2, $3)", [oid, at, piece]);
    at += piece.length;
  }
}
