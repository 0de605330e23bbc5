/** A client's socket. A polite end would wait for a server that does not answer. */
import { Duplex } from "node:stream";

/** `error` is what the client says of it. */
export function destroySocket(client: object, error?: Error): void {
  const stream = memberOf(memberOf(client, "connection"), "stream");
  if (stream instanceof Duplex) stream.destroy(error);
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
