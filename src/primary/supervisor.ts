/** The supervisor at work: the loop with its effects performed on real processes. */
import { SuperviseError } from "../errors.js";
import type { Effect } from "../lifecycle/events.js";
import { initialState, type Failure, type Settings, type State } from "../lifecycle/state.js";
import type { Config } from "../config/config.js";
import { LISTEN_FD } from "../ipc/activation.js";
import type { Address, ToPrimary } from "../ipc/messages.js";
import { codeFrameOfEnd, namedFrame } from "../log/code-frame.js";
import type { Fields, LogSink } from "../log/logger.js";
import { createCodeCache } from "./code-cache.js";
import { createDistribution } from "./distribution/index.js";
import { counted } from "../util/counted.js";
import { urlOf } from "./address.js";
import { secretEnvironment, workerEnvironment } from "./environment.js";
import type { Guardian } from "./guardian.js";
import type { Notifier } from "./notify.js";
import { createLoop, type Loop } from "./loop.js";
import { createCounts, type Counts } from "./counts.js";
import { watchPools, type PoolWatch } from "./pool-watch.js";
import { createSlowLoopWarning } from "./slow-loop.js";
import { createForkAhead } from "./fork-ahead.js";
import { forkWorker, type WorkerHandle, type WorkerListeners } from "./worker-handle.js";

/** What workers of one generation are started with. */
export interface Release {
  readonly config: Config;
  readonly dotenv: Readonly<Record<string, string>>;
  /** Development, after a change. Default: false. */
  readonly holdCrashes?: boolean;
}

export interface SupervisorInput {
  readonly release: Release;
  readonly log: LogSink;
  /** Configuration, pin and migrations once more. Rejects with the reason to abandon a reload. */
  readonly prepare: () => Promise<Release>;
  readonly guardian: Guardian;
  readonly notifier: Notifier;
  /** A listening socket of this process that workers are to use; null: they open their own. */
  readonly socket: number | null;
  /** All workers of the first generation are ready. */
  readonly announce: (url: string | null) => void;
  /** An event has been dealt with: state and workers may be others than before. */
  readonly changed: () => void;
}

export interface Supervisor {
  readonly loop: Loop;
  readonly handles: ReadonlyMap<number, WorkerHandle>;
  /** Of the generation that new workers belong to. */
  readonly release: () => Release;
  readonly url: () => string | null;
  readonly pools: PoolWatch;
  readonly counts: Counts;
  /** Settles when a reload or scaling has ended: null, or why it did not come about. */
  ask(type: "reload" | "scale", value: number): Promise<string | null>;
  /** Settles when no worker is left. */
  readonly ended: Promise<Failure | null>;
}

const settingsOf = ({
  config: { app, supervisor },
  holdCrashes = false,
}: Pick<Release, "config" | "holdCrashes">): Settings => ({
  workers: app.workers === "auto" ? 1 : app.workers,
  bootTimeoutMs: supervisor.bootTimeoutMs,
  drainTimeoutMs: supervisor.drainTimeoutMs,
  shutdownDelayMs: supervisor.shutdownDelayMs,
  maxRestarts: supervisor.maxRestarts,
  restartWindowMs: supervisor.restartWindowMs,
  spare: supervisor.spare,
  holdCrashes,
});

/** What a person needs below the line: the place in the file, and what the failure itself adds. */
function detailsOf(error: unknown, root: string): string {
  if (!(error instanceof SuperviseError)) return "";
  const { where, details } = error.parts;
  const frame = where === undefined ? null : namedFrame(where, [root, process.cwd()]);
  return [frame, details].filter((part) => part !== null && part !== undefined).join("\n\n");
}

export function createSupervisor(input: SupervisorInput): Supervisor {
  const { log } = input;
  const distribution = createDistribution(input.release.config.supervisor.distribution, log);
  const codeCache = createCodeCache();
  const handles = new Map<number, WorkerHandle>();
  const pools = watchPools(input.release.config, log);
  const counts = createCounts();
  const ahead = createForkAhead({ distribution, codeCache, guardian: input.guardian, log });
  const warnOfSlowLoop = createSlowLoopWarning(
    () => current().config.supervisor.hangTimeoutMs,
    log,
  );
  const releases = new Map<number, Release>([[1, input.release]]);
  const answers = new Map<number, (reason: string | null) => void>();
  let asked = 0;
  let address: Address | null = null;
  let finish: (failure: Failure | null) => void;
  const ended = new Promise<Failure | null>((resolve) => {
    finish = resolve;
  });

  const current = (): Release => releases.get(state().generation) ?? input.release;
  const state = (): State => loop.state();
  const url = () => (address === null ? null : urlOf(address, current().config));

  const heard = (handle: WorkerHandle, message: ToPrimary): void => {
    const { key } = handle;
    switch (message.type) {
      case "loaded":
        loop.dispatch({ type: "worker.loaded", key });
        return;
      case "ready":
        address ??= message.address;
        loop.dispatch({ type: "worker.ready", key });
        if (current().config.features.watch) {
          ahead.fill(current().config.root, processEnvironment(current().config, 0, 0));
        }
        return;
      case "failed":
        loop.dispatch({ type: "worker.failed", key, failure: message.failure });
        return;
      case "stats": {
        const { total, inFlight } = message.requests;
        const perSecond = total - handle.stats.total;
        handle.stats = { loop: message.loop, total, inFlight, perSecond };
        pools.runtime(handle, message.runtime, total);
        warnOfSlowLoop(handle);
        return;
      }
      case "hello":
      case "beat":
        return;
      case "pools":
        pools.ingest(handle, message.reports);
        return;
      case "asked":
        loop.dispatch({ type: "worker.asked", key, signal: message.signal });
        return;
      case "cut":
        log.event(
          "warn",
          "worker.killed",
          `worker ${handle.slot}: ${counted(message.requests, "request")} cut`,
          {
            worker: handle.slot,
            worker_pid: handle.pid,
            reason: "drain-timeout",
            requests_cut: message.requests,
          },
        );
        return;
    }
  };

  const processEnvironment = (config: Config, slot: number, generation: number) => ({
    ...workerEnvironment(config, slot, generation),
    ...(input.socket === null ? {} : { [LISTEN_FD]: String(input.socket) }),
  });

  const fork = ({ key, slot, generation, restarts }: Extract<Effect, { do: "fork" }>): void => {
    const { config, dotenv } = releases.get(generation) ?? input.release;
    const env = processEnvironment(config, slot, generation);
    const listeners: WorkerListeners = {
      heard: (message) => heard(handle, message),
      exited: (code, signal, lastWords) => {
        handle.crashedAt = lastWords === "" ? null : codeFrameOfEnd(lastWords);
        loop.dispatch({ type: "worker.exited", key, code, signal, lastWords });
        handles.delete(key);
        pools.gone(handle);
        input.guardian.forget(handle.pid);
      },
    };
    const handle =
      ahead.take({ key, slot, root: config.root, env }, listeners) ??
      forkWorker({ key, slot, env, distribution, codeCache, log }, listeners);
    handles.set(key, handle);
    input.guardian.watch(handle.pid);
    log.event("info", "worker.forked", `worker ${slot} forked`, {
      worker: slot,
      worker_pid: handle.pid,
      generation,
      spare: slot === 0,
    });
    handle.send({
      type: "start",
      identity: { slot, generation, restarts },
      config: { ...config, control: { ...config.control, token: null } },
      env: secretEnvironment(config, dotenv),
    });
  };

  const prepare = async (): Promise<void> => {
    try {
      const release = await input.prepare();
      releases.set(state().lastGeneration + 1, release);
      loop.dispatch({ type: "reload.prepared", settings: settingsOf(release) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const details = detailsOf(error, current().config.root);
      loop.dispatch({ type: "reload.refused", reason, ...(details === "" ? {} : { details }) });
    }
  };

  const perform = (effect: Effect): void => {
    switch (effect.do) {
      case "fork":
        fork(effect);
        return;
      case "promote": {
        const handle = handles.get(effect.key);
        if (handle === undefined) return;
        handle.slot = effect.slot;
        const { generation } = state();
        const { slot, restarts } = effect;
        handle.send({ type: "promote", identity: { slot, generation, restarts } });
        return;
      }
      case "drain":
        handles
          .get(effect.key)
          ?.send({ type: "drain", timeoutMs: state().settings.drainTimeoutMs });
        return;
      case "kill":
        handles.get(effect.key)?.kill();
        return;
      case "prepare":
        void prepare();
        return;
      case "answer":
        distribution.settle();
        answers.get(effect.id)?.(effect.reason);
        answers.delete(effect.id);
        return;
      case "announce":
        distribution.settle();
        input.announce(url());
        return;
      case "end":
        distribution.close();
        codeCache.close();
        pools.close();
        void ahead.close().then(() => finish(effect.failure));
        return;
      case "log":
        counts.note(effect);
        input.notifier.note(effect.event);
        log.event(effect.level, effect.event, effect.msg, fieldsOf(effect, handles));
        return;
    }
  };

  const loop = createLoop(initialState(settingsOf(input.release)), perform, input.changed);
  return {
    loop,
    handles,
    release: current,
    url,
    pools,
    counts,
    ask: (type, value) => {
      asked += 1;
      const id = asked;
      return new Promise((resolve) => {
        answers.set(id, resolve);
        loop.dispatch(
          type === "reload" ? { type, id, parallel: value } : { type, id, workers: value },
        );
      });
    },
    ended,
  };
}

/** A line about a worker says which one, and what was in flight when it is killed. */
function fieldsOf(
  { key, event, fields }: Extract<Effect, { do: "log" }>,
  handles: ReadonlyMap<number, WorkerHandle>,
): Fields {
  const handle = key === undefined ? undefined : handles.get(key);
  if (handle === undefined) return fields ?? {};
  return {
    worker: handle.slot,
    worker_pid: handle.pid,
    ...(event === "worker.ready" ? { boot_ms: Date.now() - handle.startedAt } : {}),
    ...(event === "worker.exit" && fields?.["expected"] === false && handle.crashedAt !== null
      ? { details: handle.crashedAt }
      : {}),
    ...(event === "worker.killed" ? { requests_cut: handle.stats.inFlight } : {}),
    ...fields,
  };
}

/** The end of a supervisor that gave up, as the error that its exit status comes from. */
export const toError = ({ code, what, where, remedy, details }: Failure): SuperviseError =>
  new SuperviseError(code, {
    what,
    remedy,
    ...(where === undefined ? {} : { where }),
    ...(details === undefined ? {} : { details }),
  });
