/**
 * A small transaction pooler, in PgBouncer's manner: clients log in to the pooler, and each
 * transaction of theirs is run by whichever real backend is free. Enough of the protocol for pg.
 */
import { createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import pg from "pg";

export interface TransactionPooler {
  /** The URL of the database behind it, through it. */
  readonly url: string;
  close(): Promise<void>;
}

export interface PoolerOptions {
  /** Real backends. */
  readonly size: number;
  /** `transaction` gives the backend back at each transaction's end, `session` at the client's. */
  readonly mode: "transaction" | "session";
  /** Which free backend is next: the one used last, as PgBouncer does by default, or in turns. */
  readonly order: "last-used" | "in-turns";
}

interface Backend {
  readonly client: pg.Client;
  readonly stream: Duplex;
  onData: (data: Buffer) => void;
}

const CODE = { ssl: 80_877_103, gss: 80_877_104, cancel: 80_877_102 };

export async function startPooler(url: string, options: PoolerOptions): Promise<TransactionPooler> {
  const backends = await Promise.all(Array.from({ length: options.size }, () => openBackend(url)));
  const free = [...backends];
  const queue: ((backend: Backend) => void)[] = [];
  const clients = new Set<Socket>();

  const lease = (then: (backend: Backend) => void): void => {
    const backend = options.order === "in-turns" ? free.shift() : free.pop();
    if (backend === undefined) queue.push(then);
    else then(backend);
  };
  const giveBack = (backend: Backend): void => {
    const next = queue.shift();
    if (next === undefined) free.push(backend);
    else next(backend);
  };

  const server = createServer((socket) => {
    clients.add(socket);
    socket.on("close", () => clients.delete(socket));
    socket.on("error", () => socket.destroy());
    serve(socket, options.mode, lease, giveBack);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const through = new URL(url);
  through.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: through.href,
    close: async () => {
      for (const socket of clients) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      for (const { stream } of backends) stream.destroy();
    },
  };
}

/** pg does the login; from then on the raw bytes are ours. */
async function openBackend(url: string): Promise<Backend> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  const { stream } = client.connection;
  stream.removeAllListeners("data");
  const backend: Backend = { client, stream, onData: () => undefined };
  stream.on("data", (data: Buffer) => backend.onData(data));
  return backend;
}

function serve(
  socket: Socket,
  mode: PoolerOptions["mode"],
  lease: (then: (backend: Backend) => void) => void,
  giveBack: (backend: Backend) => void,
): void {
  let started = false;
  let held: Backend | null = null;
  let asking = false;
  let pending = Buffer.alloc(0);

  const release = (): void => {
    if (held === null) return;
    held.onData = () => undefined;
    const backend = held;
    held = null;
    giveBack(backend);
  };
  const use = (backend: Backend): void => {
    asking = false;
    held = backend;
    let answer = Buffer.alloc(0);
    backend.onData = (data) => {
      socket.write(data);
      answer = Buffer.concat([answer, data]);
      const [rest, status] = lastStatus(answer);
      answer = rest;
      if (status === "I" && mode === "transaction") release();
    };
    backend.stream.write(pending);
    pending = Buffer.alloc(0);
  };

  socket.on("data", (data: Buffer) => {
    if (!started) {
      const code = data.readInt32BE(4);
      if (code === CODE.ssl || code === CODE.gss) return void socket.write("N");
      if (code === CODE.cancel) return void socket.destroy();
      started = true;
      return void socket.write(welcome());
    }
    if (data[0] === 0x58 /* X, Terminate: the client leaves, the backend stays. */) {
      return void socket.end();
    }
    if (held !== null) return void held.stream.write(data);
    pending = Buffer.concat([pending, data]);
    if (!asking) {
      asking = true;
      lease(use);
    }
  });
  socket.on("close", release);
}

/** AuthenticationOk, a made-up BackendKeyData, ReadyForQuery. */
function welcome(): Buffer {
  const ok = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
  const key = Buffer.from([0x4b, 0, 0, 0, 12, 0x7f, 0, 0, 1, 1, 2, 3, 4]);
  const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
  return Buffer.concat([ok, key, ready]);
}

/** What is left of an unfinished message, and the transaction status last reported, if any. */
function lastStatus(bytes: Buffer): [Buffer<ArrayBuffer>, string] {
  let at = 0;
  let status = "";
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) break;
    if (bytes[at] === 0x5a) status = String.fromCharCode(bytes[at + 5] ?? 0);
    at = end;
  }
  return [Buffer.from(bytes.subarray(at)), status];
}
