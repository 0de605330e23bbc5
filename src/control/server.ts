/** Opens and closes the control server: the unix socket always, TCP when a port is configured. */
import { randomBytes } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import type { Logger } from "../log/logger.js";
import { createDevRoutes, type DevRoutes } from "./dev/routes.js";
import type { DevTarget } from "./dev/target.js";
import type { Guard } from "./guard.js";
import type { ControlTarget } from "./protocol.js";
import { controlListener } from "./routes.js";
import { listSockets, makeRunFolder, socketPath } from "./run-folder.js";

export interface ControlServer {
  /** Null when no folder could hold a socket; the supervisor runs on, its commands can't reach it. */
  readonly socketPath: string | null;
  /** The TCP port; null when only the socket is served. */
  readonly port: number | null;
  close(): void;
}

export interface ControlInput {
  readonly config: Config;
  readonly target: ControlTarget;
  readonly log: Logger;
  /** For the development page; default: there is none. */
  readonly dev?: DevTarget | null;
}

const listen = (server: Server, where: { path: string } | { port: number; host: string }) =>
  new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });

/** Resolves to whether a process answers at the socket. */
export const isLive = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path);
    const end = (live: boolean) => {
      probe.destroy();
      resolve(live);
    };
    probe.once("connect", () => end(true));
    probe.once("error", () => end(false));
  });

async function listenOnSocket(input: ControlInput, server: Server): Promise<string | null> {
  const folder = makeRunFolder(input.config.root);
  if (folder === null) {
    input.log.warn(
      "no folder for the control socket could be made: status, reload, scale and stop can't reach this supervisor; signals can",
    );
    return null;
  }
  for (const { path } of listSockets(input.config.root)) {
    if (!(await isLive(path))) rmSync(path, { force: true });
  }
  const path = socketPath(folder, process.pid);
  await listen(server, { path });
  chmodSync(path, 0o600);
  return path;
}

async function listenOnPort(input: ControlInput, server: Server): Promise<number> {
  const { host, port } = input.config.control;
  try {
    await listen(server, { host, port });
  } catch (error) {
    throw new SuperviseError("LISTEN_REFUSED", {
      what: `the control server can't listen on ${host}:${port}`,
      where: "control.port",
      remedy:
        error instanceof Error && "code" in error && error.code === "EADDRINUSE"
          ? "another process has this port; choose another with --control-port"
          : `${error instanceof Error ? error.message : String(error)}; choose another host or port`,
      cause: error,
    });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/**
 * Starts answering. Errors: LISTEN_REFUSED when the TCP port can't be had.
 * `close` destroys open connections: it is the supervisor's last act.
 */
export async function startControl(input: ControlInput): Promise<ControlServer> {
  const servers: Server[] = [];
  const add = (guard: Guard, dev: DevRoutes | null = null) => {
    const server = createServer(controlListener(input.target, guard, dev));
    servers.push(server);
    return server;
  };
  const { control, features } = input.config;
  const token = features.devControlPlane
    ? (control.token ?? randomBytes(24).toString("hex"))
    : null;
  const guard = { kind: "tcp", token, host: control.host } as const;
  const dev =
    control.port === 0 || token === null || input.dev === undefined || input.dev === null
      ? null
      : createDevRoutes({ target: input.target, dev: input.dev, guard });
  const port = control.port === 0 ? null : await listenOnPort(input, add(guard, dev));
  const path = await listenOnSocket(input, add({ kind: "unix" }));
  return {
    socketPath: path,
    port,
    close: () => {
      dev?.close();
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      if (path !== null) rmSync(path, { force: true });
    },
  };
}
