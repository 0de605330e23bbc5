/**
 * PostgreSQL for development: a server of the project's own, real binaries, with its data in
 * `.dazzle/postgres`. It listens on the loopback address only, on a port of its own, and wants a
 * password that only this user can read; TCP rather than a unix socket, because every client
 * understands such a URL and no path is too long for it.
 *
 * In order: account and folder -> start lock -> the running server, or binaries, data and a new
 * one -> the project's database. It stops with the last supervisor that uses it (keeper.ts).
 */
import { basename } from "node:path";
import type { Logger } from "../log/logger.js";
import type { BinarySource } from "./embedded/binaries.js";
import { choosePlace, type Place } from "./embedded/place.js";
import { release, serve, type Server, type Wanted } from "./embedded/server.js";
import { takeStartLock } from "./embedded/start-lock.js";

export interface EmbeddedOptions {
  /** The project's folder. */
  readonly root: string;
  readonly log: Logger;
  /**
   * The project's name, after which its database is named when it is made; it keeps that name.
   * Default: the folder's name.
   */
  readonly project?: string;
  /** Where the programs may come from. Default: installed, then the npm package. */
  readonly sources?: readonly BinarySource[];
  /** Server settings beside those of launch.ts. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Embedded {
  /** The project's own database, for any client; holds the password. */
  readonly url: string;
  /** `15.18` */
  readonly version: string;
  /**
   * Lets go of the server. When nobody else uses it, resolves once it has stopped. A second call
   * waits for the first.
   */
  stop(): Promise<void>;
}

/** A server that ends this often, each time sooner than that, is not started once more. */
const QUICK_ENDS = 3;
const QUICK_MS = 10_000;

/**
 * Starts the project's development server, or joins the one that another supervisor of the
 * project has started. Should the server be killed, it is started again.
 *
 * @throws SuperviseError EMBEDDED_UNAVAILABLE with what the server said and what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { root, log } = options;
  const place = await choosePlace(root);
  const wanted: Wanted = {
    project: options.project ?? basename(root),
    sources: options.sources ?? ["installed", "package"],
    settings: options.settings ?? {},
  };
  let server = await locked(place, wanted, log);
  let reviving: Promise<void> = Promise.resolve();
  let stopping: Promise<void> | null = null;
  let quickEnds = 0;

  const revive = async (): Promise<void> => {
    server.hold.letGo();
    server = await locked(place, wanted, log);
    watch();
  };
  const watch = (): void => {
    const since = performance.now();
    server.keeper?.once("exit", () => {
      if (stopping !== null) return;
      quickEnds = performance.now() - since < QUICK_MS ? quickEnds + 1 : 0;
      const again = quickEnds <= QUICK_ENDS;
      log.warn(`the development database ended; ${again ? "starting it again" : "it stays down"}`, {
        log: place.log,
      });
      if (again) reviving = revive().catch((error: unknown) => log.error(String(error)));
    });
  };
  const stop = async (): Promise<void> => {
    await reviving;
    await release(place, server.hold);
  };
  watch();
  return { url: server.url, version: server.version, stop: () => (stopping ??= stop()) };
}

async function locked(place: Place, wanted: Wanted, log: Logger): Promise<Server> {
  const started = performance.now();
  const unlock = await takeStartLock(place.lock);
  try {
    const server = await serve(place, wanted);
    const how = server.keeper === null ? "joined" : "started";
    log.debug(`${how} the development database, PostgreSQL ${server.version}`, {
      port: server.port,
      data: place.data,
      took_ms: Math.round(performance.now() - started),
    });
    return server;
  } finally {
    await unlock();
  }
}
