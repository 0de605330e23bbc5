/** Streams rows into one table with COPY. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import type { Session } from "../../postgres/session.js";

/** Bytes that go to the server in one piece: fewer, larger messages cost both sides less. */
const PIECE_BYTES = 1 << 17;

/** Small pieces gathered into larger ones. */
export async function* gathered(
  pieces: AsyncIterable<Buffer>,
  bytes = PIECE_BYTES,
): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    if (size === 0 && piece.length >= bytes) {
      yield piece;
      continue;
    }
    held.push(piece);
    size += piece.length;
    if (size < bytes) continue;
    yield Buffer.concat(held, size);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held, size);
}

/** Settles as soon as the session is lost: a COPY then waits for ever for the socket to drain. */
async function whileConnected<T>(session: Session, work: Promise<T>): Promise<T> {
  const { lost } = session;
  // Whatever becomes of the work after the loss was reported, it must not count as unhandled.
  work.catch(() => undefined);
  if (lost.aborted) throw lost.reason;
  let give: (() => void) | undefined;
  const gone = new Promise<never>((_, reject) => {
    give = () => reject(lost.reason instanceof Error ? lost.reason : new Error("connection lost"));
    lost.addEventListener("abort", give, { once: true });
  });
  try {
    return await Promise.race([work, gone]);
  } finally {
    if (give !== undefined) lost.removeEventListener("abort", give);
  }
}

/** Rows that the server took. */
export async function copyIn(
  session: Session,
  statement: string,
  rows: AsyncIterable<Buffer>,
): Promise<number> {
  const sink = session.client.query(copyFrom(statement, { highWaterMark: PIECE_BYTES }));
  await whileConnected(
    session,
    pipeline(Readable.from(gathered(rows), { highWaterMark: 2 }), sink),
  );
  return sink.rowCount;
}
