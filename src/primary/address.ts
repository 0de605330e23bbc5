/** The address that people open, and the free port behind port 0. */
import { rmSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import type { Address } from "../ipc/messages.js";

/**
 * The configuration with a real port. Port 0 is settled here, once, because each worker, those after
 * a restart included, has to listen on the same one. A unix socket's path is made free.
 *
 * @throws SuperviseError LISTEN_REFUSED when the host has no address to listen on, or the path is too long.
 */
export async function settlePort(config: Config): Promise<Config> {
  const { host, port } = config.app;
  if (host.startsWith("unix:")) {
    const path = host.slice("unix:".length);
    refuseLongPath(path);
    await removeStaleSocket(path);
  }
  if (port !== 0 || host.startsWith("unix:")) return config;
  return { ...config, app: { ...config.app, port: await freePort(host) } };
}

/** What a socket's address has room for; Node 20 listens on the beginning of a longer path without a word. */
const LONGEST_PATH = process.platform === "linux" ? 107 : 103;

function refuseLongPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= LONGEST_PATH) return;
  throw new SuperviseError("LISTEN_REFUSED", {
    what: `can't listen on ${path}: the path has ${bytes} bytes, and a socket's at most ${LONGEST_PATH}`,
    remedy: "choose a shorter path, which may be relative to the working directory",
  });
}

/**
 * Removes the unix socket that a supervisor which was killed has left behind: nobody answers there, yet
 * its file keeps the path from being listened on.
 */
async function removeStaleSocket(path: string): Promise<void> {
  if (!isSocket(path)) return;
  if (!(await isAnswered(path))) rmSync(path, { force: true });
}

/** Where that can't be known, listening there says why. */
function isSocket(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

/** False only where the system says for certain that nobody listens. */
const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (error) => resolve(!("code" in error && error.code === "ECONNREFUSED")));
  });

const freePort = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) =>
      reject(
        new SuperviseError("LISTEN_REFUSED", {
          what: `can't listen on ${host}: ${error.message}`,
          remedy: "check [app] host",
          cause: error,
        }),
      ),
    );
    probe.listen(0, host, () => {
      const address = probe.address();
      const found = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(found));
    });
  });

/** Unspecified addresses can be listened on but not opened. */
const reachable = (host: string): string =>
  host === "0.0.0.0" || host === "::" || host === "" ? "localhost" : host;

/** `http://127.0.0.1:8000`, or `unix:/run/app.sock`. */
export function urlOf(address: Address, config: Config): string {
  if (address.path !== undefined) return `unix:${address.path}`;
  const host = reachable(
    address.host === config.app.host
      ? address.host
      : reachable(config.app.host) === "localhost"
        ? "localhost"
        : address.host,
  );
  const written = host.includes(":") ? `[${host}]` : host;
  return `${address.secure ? "https" : "http"}://${written}:${address.port}`;
}
