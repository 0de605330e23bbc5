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
  const takeAccepted = (): Socket | null => {
    const socket = accepted;
    accepted = null;
    return socket;
  };

  return {
    accept(status, client) {
      // What the application has emitted itself is none of ours.
      takeAccepted();
      // An application that puts a listener of its own in the place of all others reads by itself.
      const listens = server.listeners("connection").includes(onConnection);
      const descriptor = status === 0 && listens ? descriptorOf(client) : -1;
      firstBytes = descriptor < 0 ? null : readFirstBytes(descriptor);
      connect(status, client);
      const socket = takeAccepted();
      if (socket && !firstBytes) onSilent(socket);
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
