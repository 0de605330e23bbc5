/**
 * Reads what a client has sent by the time its connection is accepted, so that the request begins in
 * the same turn of the loop. Left to the next turn, it would wait there for everything else that
 * this turn brings; and a worker that is killed meanwhile takes along a connection that it has
 * accepted and not begun.
 */
import { readSync } from "node:fs";

/** As much as one read of libuv's; what is beyond it is read as usual. */
const buffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Null when there is nothing yet, or nothing that can be read. */
export function readFirstBytes(descriptor: number): Buffer | null {
  const limit = Error.stackTraceLimit;
  // Nothing to read is an error to Node, whose stack would cost more than the read.
  Error.stackTraceLimit = 0;
  try {
    const length = readSync(descriptor, buffer, 0, buffer.length, null);
    return length === 0 ? null : Buffer.from(buffer.subarray(0, length));
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  } finally {
    Error.stackTraceLimit = limit;
  }
}
