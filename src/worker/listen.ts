/** The seam between an application's server and how connections reach it. */
import type { ListenOptions, Server } from "node:net";
import type { Config } from "../config/config.js";
import { LISTEN_FD } from "../ipc/activation.js";
import type { Address } from "../ipc/messages.js";

/** Longest queue of connections that the kernel accepts for a server that is busy. */
export const BACKLOG = 1_024;

/** Where a script listens in place of the port that it was told. */
export type Redirection = { readonly fd: number } | { readonly path: string };

/** The primary's descriptor that systemd handed over; null: open what is configured. */
function activatedFd(): number | null {
  const fd = process.env[LISTEN_FD];
  return fd === undefined ? null : Number(fd);
}

/** The socket that was handed over or is configured; null: a script's own port is the right one. */
export function redirection(): Redirection | null {
  const fd = activatedFd();
  if (fd !== null) return { fd };
  const { HOST: host = "" } = process.env;
  return host.startsWith("unix:") ? { path: host.slice("unix:".length) } : null;
}

/** `fd` is known to net.Server but not to its types. */
export function listenOptions(config: Config): ListenOptions & { fd?: number } {
  const { host, port } = config.app;
  const fd = activatedFd();
  if (fd !== null) return { fd, backlog: BACKLOG };
  return host.startsWith("unix:")
    ? { path: host.slice("unix:".length), backlog: BACKLOG }
    : { host, port, backlog: BACKLOG };
}

/** Rejects with the system's error. */
export const listenOn = (server: Server, config: Config): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(listenOptions(config), () => {
      server.removeListener("error", reject);
      resolve();
    });
  });

export function addressOf(server: Server): Address | null {
  const address = server.address();
  const secure = "setSecureContext" in server;
  if (address === null) return null;
  if (typeof address === "string") return { host: "", port: 0, path: address, secure };
  return { host: address.address, port: address.port, secure };
}
