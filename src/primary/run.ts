/**
 * The main job, in its order. Each step is one call; what happens after the fork is decided by the
 * loop (lifecycle/transition.ts) and performed in supervisor.ts.
 */
import { randomUUID } from "node:crypto";
import "../util/lean-pg.js";
import { becomeFast } from "./lean-heap.js";
import type { Config } from "../config/config.js";
import type { ResolvedConfig } from "../config/load.js";
import { productVersion } from "../config/version.js";
import type { ControlTarget } from "../control/protocol.js";
import { startControl, type ControlServer } from "../control/server.js";
import { EXIT, SuperviseError, type ExitStatus } from "../errors.js";
import type { Logger, LogSink } from "../log/logger.js";
import type { Embedded } from "../postgres/embedded.js";
import { settlePort } from "./address.js";
import { createOwnSession } from "./own-session.js";
import { createUpkeep, learnMigrations } from "./upkeep.js";
import { createFleetPresence } from "./fleet-presence.js";
import { createDevelopment } from "./development.js";
import { serverEnvironment } from "./environment.js";
import {
  checkBudget,
  checkEntry,
  checkPin,
  findDatabase,
  migrate,
  settleRestore,
  type Found,
} from "./prepare.js";
import { activatedSocket } from "./activation.js";
import { createNotifier } from "./notify.js";
import { createEarlyTarget, delegate } from "./early-target.js";
import { startGuardian } from "./guardian.js";
import { runUnderInit } from "./init.js";
import { listenForSignals } from "./signals.js";
import { createSupervisor, toError, type Release, type Supervisor } from "./supervisor.js";
import type { Known } from "./known.js";
import { createScaler } from "./scaler.js";
import { createTarget, obey } from "./target.js";
import { rememberWarnings } from "./warnings.js";
import { watchWorkers } from "./watch.js";
import { checkLimits, workerCount } from "./worker-count.js";

/** What the end has to let go of, and what the control server finds while it comes about. */
interface Held {
  embedded: Embedded | null;
  control: ControlServer | null;
  supervisor: Supervisor | null;
  target: ControlTarget | null;
  /** The configuration could be read, and the beginning is in the log. */
  begun: boolean;
}

/** A preparation that takes longer than this has a large schema to plan. */
const LONG_PREPARATION_MS = 1_000;

export interface RunOptions {
  /** Reads the configuration; called again for each reload. */
  readonly resolve: () => Promise<ResolvedConfig>;
  readonly log: LogSink;
}

/**
 * Supervises until told to stop.
 *
 * @returns 0 after a graceful stop.
 * @throws SuperviseError what kept it from starting, or from going on.
 */
export async function runSupervisor({ resolve, log: sink }: RunOptions): Promise<ExitStatus> {
  const status = await runUnderInit(sink);
  if (status !== null) return status;
  const startedAt = new Date();
  const development = createDevelopment(sink);
  const { log, warnings } = rememberWarnings(development.log);
  const signals = listenForSignals();
  const notifier = createNotifier(process.env, log);
  const socket = activatedSocket(process.env);
  const stopped = new AbortController();
  // Until the loop runs, being asked to stop calls off whatever is being waited for.
  signals.handTo((asked) => {
    if (asked.type === "stop" || asked.type === "stop-now") stopped.abort();
  });
  const held: Held = {
    embedded: null,
    control: null,
    supervisor: null,
    target: null,
    begun: false,
  };
  const own = createOwnSession();
  const known: Known = {
    instance: randomUUID(),
    startedAt,
    warnings,
    budget: null,
    migrations: null,
  };

  /** Whoever asks how it goes is answered from here on, however long the rest of the start takes. */
  const answer = async (config: Config): Promise<void> => {
    const early = createEarlyTarget(known, config.env, () => {
      // Who asked gets an answer first.
      setImmediate(() => stopped.abort());
    });
    held.control = await startControl({
      config,
      target: delegate(() => held.target ?? early),
      log,
      dev: await development.target(config, () => held.supervisor, log),
    });
  };

  /** Everything before the fork, for the start and for each reload alike. */
  const prepare = async (first: boolean): Promise<Release> => {
    const long = setTimeout(becomeFast, LONG_PREPARATION_MS);
    try {
      return await prepareOnce(first);
    } finally {
      clearTimeout(long);
      own.giveBack();
    }
  };
  const prepareOnce = async (first: boolean): Promise<Release> => {
    const resolved = await resolve();
    development.learn(resolved);
    if (first) sayStarting(resolved.config, log);
    held.begun = true;
    await checkPin(resolved, log);
    checkEntry(resolved.config);
    if (first) await answer(resolved.config);
    const found = await findDatabase(resolved.config, held.embedded, log);
    held.embedded = found.embedded;
    const session = await own.get(found.config, log, stopped.signal);
    await migrate(session, found.config, log, stopped.signal);
    if (first) await settleRestore(session, found.config, log, stopped.signal);
    if (!first) await learnMigrations(session, found.config, known);
    const workers = await workerCount(session, found.config, log);
    const running = countAfterReload(held.supervisor, workers);
    known.budget = await checkBudget(session, found.config, running, known.instance, log);
    checkLimits(found.config, running, log);
    const config = { ...found.config, app: { ...found.config.app, workers } };
    return {
      config: first && socket === null ? await settlePort(config) : config,
      dotenv: { ...ownServer(resolved, found), ...resolved.dotenv },
    };
  };

  try {
    const release = await prepare(true);
    if (stopped.signal.aborted) throw interrupted();
    const guardian = startGuardian(release.config.supervisor.drainTimeoutMs, log);
    const presence = createFleetPresence(own, known, () => held.supervisor, log);
    const supervisor = createSupervisor({
      release,
      log,
      guardian,
      notifier,
      socket,
      prepare: async () => ({
        ...keepPort(await prepare(false), release),
        holdCrashes: development.hasChanged(),
      }),
      announce: (url) => {
        sayReady(supervisor, url, startedAt, held.control?.port ?? null, log);
        notifier.note("supervisor.ready");
        development.begin(target, log);
      },
      changed: () => presence.changed(),
    });
    supervisor.pools.aggregate.setLargestMax(known.budget?.largestPoolMax ?? null);
    const upkeep = createUpkeep({ own, supervisor, known, log });
    const target = createTarget(supervisor, known, upkeep, log);
    held.supervisor = supervisor;
    held.target = target;
    development.attach(supervisor);
    const watch = watchWorkers(supervisor, log);
    try {
      const scaler = createScaler({
        count: () => supervisor.loop.state().slots.length,
        allow: (workers) => upkeep.allow(workers),
        scale: (workers) => supervisor.ask("scale", workers),
        log,
      });
      signals.handTo((asked) => obey(asked, supervisor, target, scaler, log));
      supervisor.loop.dispatch({ type: "begin" });
      // Not waited for: a database that has fallen silent keeps nobody from stopping.
      void upkeep.begin().then(() => presence.begin());
      const failure = await supervisor.ended;
      if (failure !== null) throw toError(failure);
    } finally {
      watch.close();
      upkeep.close();
      await presence.close();
      await development.close();
      await guardian.close();
      notifier.close();
    }
    return EXIT.ok;
  } catch (error) {
    if (stopped.signal.aborted && isInterruption(error)) return EXIT.ok;
    throw error;
  } finally {
    held.control?.close();
    await own.close();
    await held.embedded?.stop();
    signals.close();
    const uptime = Math.round((Date.now() - startedAt.getTime()) / 1_000);
    if (held.begun) log.event("info", "supervisor.stopped", "stopped", { uptime_s: uptime });
  }
}

/** Empty unless the embedded server is what the application is to use. */
function ownServer({ config, dotenv }: ResolvedConfig, found: Found): Record<string, string> {
  const { url } = found.config.database;
  if (config.database.url !== null || url === null) return {};
  return serverEnvironment(url, { ...process.env, ...dotenv });
}

const interrupted = (): SuperviseError =>
  new SuperviseError("INTERRUPTED", { what: "stopped while starting", remedy: "start again" });

const isInterruption = (error: unknown): boolean =>
  error instanceof SuperviseError && error.code === "INTERRUPTED";

/** A reload keeps the number that `scale` asked for, unless the configured one has changed. */
const countAfterReload = (supervisor: Supervisor | null, configured: number): number =>
  supervisor?.release().config.app.workers === configured
    ? supervisor.loop.state().slots.length
    : configured;

/** The port that was free at the start stays the port. */
const keepPort = (next: Release, first: Release): Release =>
  next.config.app.port === 0
    ? {
        ...next,
        config: { ...next.config, app: { ...next.config.app, port: first.config.app.port } },
      }
    : next;

function sayStarting(config: Config, log: Logger): void {
  log.event("info", "supervisor.starting", `${config.project.name} in ${config.env}`, {
    version: productVersion(),
    node: process.versions.node,
    project: config.project.name,
    env: config.env,
    entry: config.app.entry,
    workers: config.app.workers,
    pool_min: config.pool.min,
    pool_max: config.pool.max,
  });
}

function sayReady(
  supervisor: Supervisor,
  url: string | null,
  startedAt: Date,
  controlPort: number | null,
  log: Logger,
): void {
  const { slots, generation } = supervisor.loop.state();
  const { features, control } = supervisor.release().config;
  const page = features.devControlPlane && controlPort !== null;
  log.event("info", "supervisor.ready", `ready${url === null ? "" : ` on ${url}`}`, {
    url,
    workers: slots.length,
    generation,
    boot_ms: Date.now() - startedAt.getTime(),
    ...(page ? { page: `http://${control.host}:${controlPort}/dazzle/dev/` } : {}),
    ...(features.watch ? { watching: true } : {}),
  });
}
