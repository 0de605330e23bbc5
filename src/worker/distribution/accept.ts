/**
 * What happens to a connection that a worker has just accepted, before its server knows of it. A
 * request that has arrived with it begins in this same turn of the loop (first-bytes.ts); a client that
 * is still silent is reported, for somebody else to hold its connection too.
 */
import { Server as HttpServer } from "node:http";
import type { Server, Socket } from "node:net";
import { readFirstBytes } from "./first-bytes.js";
import { descriptorOf } from "./handle.js";

export interface Acceptance {
  accept(status: number, client: unknown): void;
  end(): void;
}

/** node:net's own: makes a socket of the handle and emits `connection`. */
type Connect = (status: number, client: unknown) => void;

export function startAccepting(
  server: Server,
  connect: Connect,
  onSilent: (socket: Socket) => void,
): Acceptance {
  if (!speaksPlainHttp(server)) return { accept: connect, end: () => undefined };

  let firstBytes: Buffer | null = null;
  let accepted: Socket | null = null;
  // Before the server's own listener, which takes what is in the socket by then.
  const onConnection = (socket: Socket): void => {
    accepted = socket;
    if (firstBytes) socket.unshift(firstBytes);
  };
  server.prependListener("connection", onConnection);

  return {
    accept(status, client) {
      const descriptor = status === 0 ? descriptorOf(client) : -1;
      firstBytes = descriptor < 0 ? null : readFirstBytes(descriptor);
      connect(status, client);
      if (accepted && !firstBytes) onSilent(accepted);
      accepted = null;
      firstBytes = null;
    },
    end: () => void server.removeListener("connection", onConnection),
  };
}

/**
 * HTTP without TLS below it: its server takes bytes that were read before it, wherever they come
 * from. A server that starts its connections paused wants nothing read.
 */
const speaksPlainHttp = (server: Server): boolean =>
  server instanceof HttpServer && Reflect.get(server, "pauseOnConnect") !== true;
