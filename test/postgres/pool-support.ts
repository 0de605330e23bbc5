/** What the tests of pools share: pools that are ended after each test, and a database that can go away. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { PoolReport } from "../../src/sampling/report.js";
import { collectPoolReports } from "../../src/worker/measure.js";
import {
  createWorkerPool,
  type WorkerPool,
  type WorkerPoolSettings,
} from "../../src/worker/pool.js";

const open: WorkerPool[] = [];

export function createPool(url: string, settings: Partial<WorkerPoolSettings> = {}): WorkerPool {
  const made = createWorkerPool({
    url,
    min: 0,
    max: 2,
    acquireTimeoutMs: 10_000,
    maxLifetimeMs: 0,
    idleTimeoutMs: 10_000,
    applicationName: "tasks/worker 1",
    leakAfterMs: 0,
    ...settings,
  });
  open.push(made);
  return made;
}

/** Ends every pool made here and forgets what was measured. */
export async function endPools(): Promise<void> {
  for (const one of open.splice(0)) await one.end(0);
  collectPoolReports();
}

export function reportOf(name = "main"): PoolReport {
  const found = collectPoolReports().find((report) => report.name === name);
  if (found === undefined) throw new Error(`no report of pool ${name}`);
  return found;
}

/** Resolves when `look` says true. */
export async function until(look: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await look())) await delay(5);
}

/** What a rejected promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it has not failed");
}

export interface Proxy {
  /** The database's URL through the proxy. */
  readonly url: string;
  /** Cuts every connection and refuses new ones. */
  stop(): Promise<void>;
  /** Lets connections in again, at the same address. */
  start(): Promise<void>;
  /** Takes connections and says nothing; those that are open fall silent. */
  freeze(): void;
  thaw(): void;
  /** Those that are open fall silent for ever; new ones are served. */
  strand(): void;
  close(): Promise<void>;
}

/** A database server that can go away, fall silent and come back, in front of the real one. */
export async function createProxy(databaseUrl: string): Promise<Proxy> {
  const target = new URL(databaseUrl);
  const folder = target.searchParams.get("host");
  const port = Number(target.port || "5432");
  const sockets = new Set<Socket>();
  let frozen = false;
  let epoch = 0;
  let server: Server | null = null;
  let own = 0;

  const join = (client: Socket): void => {
    const upstream =
      folder === null
        ? connect(port, target.hostname)
        : connect(`${decodeURIComponent(folder)}/.s.PGSQL.${port}`);
    const born = epoch;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => {
        if (!frozen && born === epoch) to.write(chunk);
      });
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  };

  const start = async (): Promise<void> => {
    server = createServer(join).listen(own, "127.0.0.1");
    await once(server, "listening");
    const address: AddressInfo | string | null = server.address();
    if (typeof address === "object" && address !== null) own = address.port;
  };

  const stop = async (): Promise<void> => {
    const closing = server;
    server = null;
    if (closing === null) return;
    const closed = once(closing, "close");
    closing.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  await start();
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(own);
  url.searchParams.delete("host");
  return {
    url: url.href,
    start,
    stop,
    freeze: () => (frozen = true),
    thaw: () => (frozen = false),
    strand: () => (epoch += 1),
    close: stop,
  };
}
