/**
 * Whether a server is there at all: a bare connection that asks for TLS, which every PostgreSQL server
 * and pooler answers with a byte before it knows who asks. It takes no place among the server's
 * connections, so that it can be asked while the pool is full.
 */
import { connect, type Socket } from "node:net";

/** The eight bytes of an SSLRequest: their number, and 1234.5679 where a version would stand. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A client's own address; null for one that goes another way (libpq, a stream of its own). */
export function addressOf(client: object): Address | null {
  const host: unknown = Reflect.get(client, "host");
  const port: unknown = Reflect.get(client, "port");
  // A server that speaks TLS from the first byte would not understand the question.
  if (Reflect.get(client, "sslNegotiation") === "direct") return null;
  return typeof host === "string" && typeof port === "number" ? { host, port } : null;
}

/** Errors of the network on the way, which say that nothing was reached. */
const UNREACHED = new Set(["ETIMEDOUT", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN"]);

/**
 * False when nothing at all has come back within `limitMs`. A refusal is an answer: the system that
 * gives it also ends the connections that it knows nothing of.
 */
export function answers({ host, port }: Address, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = host.startsWith("/")
      ? connect(`${host}/.s.PGSQL.${port}`)
      : connect(port, host);
    const settle = (answered: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(() => settle(false), limitMs).unref();
    socket.unref();
    socket.on("connect", () => socket.write(SSL_REQUEST));
    socket.on("data", () => settle(true));
    socket.on("end", () => settle(true));
    socket.on("error", (error: NodeJS.ErrnoException) => settle(!UNREACHED.has(error.code ?? "")));
  });
}
