/** The application of this worker, loaded: what is left is to listen. */
import type { Server } from "node:net";
import type { Address } from "../ipc/messages.js";
import { loadEntry, runFactory, toServable, type Servable } from "./entry.js";
import { addressOf, listenOn, listenOptions } from "./listen.js";
import type { ImportModule } from "./load-main.js";
import type { Runtime, ShutdownFunction } from "./runtime.js";
import type { Traffic } from "./traffic.js";

export interface Application {
  /** Listens, or for a script waits until it does. Null: it listens in a way we can't see. */
  listen(): Promise<Address | null>;
}

/** A script may open other ports first; the one that it was told to serve on is waited for this long. */
const OWN_PORT_MS = 300;

/** Errors: whatever the application throws; ENTRY_NOT_FOUND; BOOT_FAILED. */
export async function startApplication(
  entry: string,
  runtime: Runtime,
  traffic: Traffic,
  load: ImportModule,
): Promise<Application> {
  const listened = firstListening(runtime, traffic);
  const loaded = await loadEntry(entry, load);
  if (loaded.kind === "script") return { listen: () => listened.then(addressOf) };
  // Whoever has no use for it does without the 3 MB of the driver.
  const { ownPool } = await import("./own-pool.js");
  const { pool } = ownPool(runtime);
  const application =
    loaded.kind === "application"
      ? loaded.application
      : await runFactory(loaded.create, {
          pool,
          env: runtime.env,
          config: runtime.config,
          log: runtime.log,
          worker: runtime.worker,
          signal: runtime.signal,
          onShutdown: (run: ShutdownFunction) => void runtime.shutdown.push(run),
        });
  // Such a module listens by itself and exports its application besides, for its tests.
  const [own] = traffic.servers;
  if (loaded.kind === "application" && own !== undefined) {
    return { listen: () => listened.then(addressOf) };
  }
  const servable = toServable(application);
  return { listen: () => listen(servable, runtime) };
}

async function listen(servable: Servable, runtime: Runtime): Promise<Address | null> {
  if (servable.kind === "fastify") {
    await servable.app.listen(listenOptions(runtime.config));
    runtime.shutdown.unshift(() => servable.app.close());
    return addressOf(servable.app.server);
  }
  const { server } = servable;
  if (!server.listening) await listenOn(server, runtime.config);
  return addressOf(server);
}

/** Resolves to the server on the configured port, or else to the first one that listens. */
function firstListening(runtime: Runtime, traffic: Traffic): Promise<Server> {
  const { port, host } = runtime.config.app;
  return new Promise((resolve) => {
    traffic.onListening((server) => {
      const address = addressOf(server);
      const own =
        address?.port === port || (address?.path !== undefined && host.endsWith(address.path));
      if (own) resolve(server);
      else setTimeout(() => resolve(server), OWN_PORT_MS).unref();
    });
  });
}
