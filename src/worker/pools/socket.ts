/** A client's socket. A polite end would wait for a server that does not answer. */
import { Duplex } from "node:stream";

/** Undefined for a client that has none (libpq). */
export function socketOf(client: object): Duplex | undefined {
  const stream = memberOf(memberOf(client, "connection"), "stream");
  return stream instanceof Duplex ? stream : undefined;
}

/** `error` is what the client says of it. */
export function destroySocket(client: object, error?: Error): void {
  socketOf(client)?.destroy(error);
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
