/**
 * Development under watch: one worker process that has started, loaded this program and waits for its
 * order, so that the next save does not wait for Node itself. It knows nothing of the application yet,
 * which is loaded when the order comes, in a process that has never run another version of it.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { LogSink } from "../log/logger.js";
import type { CodeCache } from "./code-cache.js";
import type { Distribution } from "./distribution/index.js";
import type { Guardian } from "./guardian.js";
import { forkWorker, type WorkerHandle, type WorkerListeners } from "./worker-handle.js";

/** After a worker is ready: first it serves, and what is short-lived needs no next one. */
const LATER_MS = 300;

/** What changes when packages are installed: those that the process has loaded would be the old ones. */
const INSTALLED = [
  "package.json",
  "package-lock.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
  "node_modules/.package-lock.json",
];

type Variables = Readonly<Record<string, string | undefined>>;

export interface ForkAhead {
  /** In a moment there is to be one for the project in `root`, with this environment. */
  fill(root: string, env: Variables): void;
  /** The process that waits, as the worker with this key from now on; null where none fits. */
  take(worker: TakeInput, listeners: WorkerListeners): WorkerHandle | null;
  /** Settles when none is left. */
  close(): Promise<void>;
}

export interface TakeInput {
  readonly key: number;
  readonly slot: number;
  readonly root: string;
  readonly env: Variables;
}

export interface ForkAheadInput {
  readonly distribution: Distribution;
  readonly codeCache: CodeCache;
  readonly guardian: Guardian;
  readonly log: LogSink;
}

interface Waiting {
  readonly handle: WorkerHandle;
  readonly fits: string;
  readonly ended: Promise<void>;
  listeners: WorkerListeners | null;
}

/** Told with the order: they may differ. */
const TOLD: ReadonlySet<string> = new Set(["DAZZLE_WORKER_ID", "DAZZLE_GENERATION"]);

function fingerprint(root: string, env: Variables): string {
  const times = INSTALLED.map(
    (name) => statSync(join(root, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return JSON.stringify([root, Object.entries(env).filter(([name]) => !TOLD.has(name)), times]);
}

export function createForkAhead({
  distribution,
  codeCache,
  guardian,
  log,
}: ForkAheadInput): ForkAhead {
  let waiting: Waiting | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const start = (root: string, env: Variables): void => {
    let gone: () => void;
    const ended = new Promise<void>((resolve) => (gone = resolve));
    const handle = forkWorker(
      { key: 0, slot: 0, env, distribution, codeCache, log },
      {
        heard: (message) => one.listeners?.heard(message),
        exited: (code, signal, lastWords) => {
          guardian.forget(handle.pid);
          if (waiting === one) waiting = null;
          one.listeners?.exited(code, signal, lastWords);
          gone();
        },
      },
    );
    const one: Waiting = { handle, fits: fingerprint(root, env), ended, listeners: null };
    guardian.watch(handle.pid);
    log.debug("a process waits for the next change", { worker_pid: handle.pid });
    waiting = one;
  };

  return {
    fill: (root, env) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (waiting === null && !closed) start(root, env);
      }, LATER_MS);
      timer.unref();
    },
    take: ({ key, slot, root, env }, listeners) => {
      if (waiting === null) return null;
      const { handle, fits } = waiting;
      if (fits !== fingerprint(root, env)) {
        handle.kill();
        waiting = null;
        return null;
      }
      waiting.listeners = listeners;
      waiting = null;
      handle.adopt(key, slot);
      return handle;
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      waiting?.handle.kill();
      await waiting?.ended;
    },
  };
}
