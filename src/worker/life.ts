/** The life of a worker as the orders of the primary lead it through. */
import { setImmediate as nextTurn, setTimeout as idle } from "node:timers/promises";
import type { Config } from "../config/config.js";
import { findEntry } from "../config/entry.js";
import type { Problem, ToWorker, WorkerIdentity } from "../ipc/messages.js";
import { SuperviseError } from "../errors.js";
import { ORPHAN_TITLE } from "../ipc/orphan.js";
import { createLogger } from "../log/sink.js";
import { applicationName } from "./application-name.js";
import { startApplication, type Application } from "./application.js";
import type { Channel } from "./channel.js";
import { drainTraffic } from "./drain.js";
import { locatedFailure, reportedFailure } from "./failure.js";
import type { ImportModule } from "./load-main.js";
import { instrumentForeignPools, tellIdleErrors, warmForeignPools } from "./measure.js";
import { installRuntime, type Runtime } from "./runtime.js";
import { runShutdown } from "./shutdown.js";
import type { SignalGuard } from "./signals.js";
import { stdoutLater } from "./stdio.js";
import type { Overlay } from "./overlay.js";
import { installTestEndpoints } from "./test-endpoints.js";
import type { Traffic } from "./traffic.js";

type StartOrder = Extract<ToWorker, { type: "start" }>;

/** What the shutdown functions share when the drain has used up its own time. */
const LEAST_SHUTDOWN_MS = 1_000;

/** What a script may take to shut down by itself once it has got its SIGTERM. */
const OWN_SHUTDOWN_MS = 2_000;
/** How long an application may have no server at all, between closing one and opening the next. */
const REOPEN_MS = 1_000;
/** After a promotion, until the pool is warmed. */
const PROMOTED_MS = 100;
/** How long a worker that has not got its order yet drains when its primary is gone. */
const ORPHAN_TIMEOUT_MS = 1_000;

export interface LifeInput {
  readonly channel: Channel;
  readonly guard: SignalGuard;
  readonly traffic: Traffic;
  readonly load: ImportModule;
  /** Called once the application listens. */
  readonly listens: () => void;
  readonly end: (status: number) => never;
}

export interface WorkerLife {
  start(order: StartOrder): Promise<void>;
  promote(identity: WorkerIdentity): Promise<void>;
  drain(timeoutMs: number): Promise<void>;
  /** Development: over the application's pages in browsers. */
  show(problem: Problem | null): void;
  /** The primary is gone: says so to the guardian, and drains. */
  orphan(): Promise<void>;
}

export function createWorkerLife({
  channel,
  guard,
  traffic,
  load,
  listens,
  end,
}: LifeInput): WorkerLife {
  const stopping = new AbortController();
  let overlay: Overlay | null = null;
  let identity: WorkerIdentity = { slot: 0, generation: 0, restarts: 0 };
  let runtime: Runtime | null = null;
  let application: Application | null = null;
  let entry: string | null = null;
  let ready = false;

  const fail = async (thrown: unknown, doing: string): Promise<void> => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    await channel.send({ type: "failed", failure: await locatedFailure(thrown, doing, entry) });
    end(1);
  };

  const takeIdentity = (given: WorkerIdentity): void => {
    identity = given;
    process.env["DAZZLE_WORKER_ID"] = String(given.slot);
    process.env["DAZZLE_GENERATION"] = String(given.generation);
  };

  const serve = async (warmFirst: boolean): Promise<void> => {
    if (application === null || runtime === null) return;
    try {
      const warm = warmFirst ? runtime.own?.warm() : undefined;
      const [address] = await Promise.all([application.listen(), warm]);
      if (warmFirst) await warmForeignPools();
      if (stopping.signal.aborted) return;
      listens();
      ready = true;
      await channel.send({ type: "ready", address });
      // With what it needs of Node, 2 ms for which nobody who is connecting has to wait.
      await nextTurn();
      const { startReporting } = await import("./reporting.js");
      startReporting(channel, traffic, runtime.config.supervisor.hangTimeoutMs);
    } catch (error) {
      await fail(error, "to start serving");
    }
  };

  const drain = async (timeoutMs: number): Promise<void> => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    const began = performance.now();
    const cut = await drainTraffic(traffic, timeoutMs);
    if (cut > 0) await channel.send({ type: "cut", requests: cut });
    const left = () => Math.max(LEAST_SHUTDOWN_MS, timeoutMs - (performance.now() - began));
    if (runtime !== null) {
      await runShutdown(runtime.shutdown, left(), runtime.log);
      // A script that shuts itself down ends here, in its own handler or for want of work.
      if (guard.release()) await idleFor(Math.min(left(), OWN_SHUTDOWN_MS));
      await runtime.own?.end(LEAST_SHUTDOWN_MS);
    }
    end(0);
  };

  // Express 5, for one, hands the error to listen's callback, where scripts overlook it.
  traffic.onListenError((error) => {
    if (!ready) void fail(error, "to listen");
  });
  traffic.onClosed(() => {
    if (!ready || traffic.servers.size > 0 || stopping.signal.aborted) return;
    const check = () => {
      if (traffic.servers.size === 0) void fail(serverClosed(), "to go on serving");
    };
    setTimeout(check, REOPEN_MS).unref();
  });
  // Node prints the error itself and exits; this only tells the primary what kept it from serving.
  process.on("uncaughtExceptionMonitor", (error) => {
    if (!ready) void channel.send({ type: "failed", failure: reportedFailure(error, "to start") });
  });

  return {
    start: async (order) => {
      takeIdentity(order.identity);
      Object.assign(process.env, order.env);
      runtime = makeRuntime(order.config, () => identity, stopping.signal);
      installRuntime(runtime);
      measurePools(runtime);
      installTestEndpoints(traffic, runtime);
      const { watch, devControlPlane } = order.config.features;
      if (watch && devControlPlane) {
        const { installOverlay } = await import("./overlay.js");
        overlay = installOverlay(traffic, runtime);
      }
      try {
        entry = findEntry(order.config);
        application = await startApplication(entry, runtime, traffic, load);
      } catch (error) {
        await fail(error, "to load");
        return;
      }
      if (order.identity.slot === 0) await channel.send({ type: "loaded" });
      else await serve(true);
    },
    show: (problem) => overlay?.show(problem),
    promote: async (given) => {
      takeIdentity(given);
      // It was made when the slot was not known; no connection has been opened yet.
      if (runtime?.own) {
        Object.assign(runtime.own.pool.options, { application_name: applicationName(runtime) });
      }
      await serve(false);
      // Somebody is missing: those who wait come first.
      await idle(PROMOTED_MS, undefined, { ref: false });
      try {
        await runtime?.own?.warm();
        await warmForeignPools();
      } catch (error) {
        runtime?.log.warn("the pool is not warm yet", { error });
      }
    },
    drain,
    orphan: () => {
      process.title = ORPHAN_TITLE;
      return drain(runtime?.config.supervisor.drainTimeoutMs ?? ORPHAN_TIMEOUT_MS);
    },
  };
}

const serverClosed = (): SuperviseError =>
  new SuperviseError("BOOT_FAILED", {
    what: "the application closed its server",
    remedy: "leave closing to the supervisor, or end the process",
  });

/** From here on the pools that the application makes itself are sized and measured too. */
function measurePools(runtime: Runtime): void {
  const { pool } = runtime.config;
  instrumentForeignPools({
    min: pool.min,
    max: pool.max,
    acquireTimeoutMs: pool.acquireTimeoutMs,
    applicationName: applicationName(runtime),
    leakAfterMs: pool.leakAfterMs,
    onIdleError: tellIdleErrors(runtime.log),
  });
}

/** Waits without keeping the process alive. */
const idleFor = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    process.channel?.unref();
    setTimeout(resolve, ms).unref();
  });

function makeRuntime(config: Config, identity: () => WorkerIdentity, signal: AbortSignal): Runtime {
  return {
    env: config.env,
    config,
    log: createLogger({ format: "record", level: "debug", stream: stdoutLater }),
    worker: {
      get id() {
        return identity().slot;
      },
      get generation() {
        return identity().generation;
      },
      pid: process.pid,
    },
    signal,
    shutdown: [],
    own: null,
  };
}
