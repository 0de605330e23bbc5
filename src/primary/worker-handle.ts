/** The primary's view of one worker process: what it can tell it, and what it has heard from it. */
import cluster from "node:cluster";
import { fileURLToPath } from "node:url";
import { isToPrimary, PROTOCOL, type ToPrimary, type ToWorker } from "../ipc/messages.js";
import type { LogSink } from "../log/logger.js";
import type { CodeCache } from "./code-cache.js";
import type { Distribution } from "./distribution/index.js";
import { NO_STACK, readStack } from "./inspector.js";
import { forwardOutput } from "./output.js";

const PROGRAM = fileURLToPath(new URL("../worker/main.cjs", import.meta.url));

/** How long the pipes of a dead worker may stay open, held by a process that it had started. */
const LAST_WORDS_MS = 250;

export interface WorkerStats {
  readonly loop: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly total: number;
  readonly inFlight: number;
  readonly perSecond: number;
}

export interface WorkerHandle {
  /** 0 while it has no order yet (fork-ahead.ts). */
  key: number;
  readonly pid: number;
  startedAt: number;
  slot: number;
  stats: WorkerStats;
  /** When it last said that its event loop turns, by performance.now(); null before it is ready. */
  lastBeat: number | null;
  /** The lines of the application that the stack in its last words leads to; null when none does. */
  crashedAt: string | null;
  send(message: WithoutVersion<ToWorker>): void;
  /** The JavaScript stack that it is in, or why that can't be had within `limitMs`. */
  stack(limitMs: number): Promise<string>;
  /** It may be waiting for the log to take its output. */
  heldUp(): boolean;
  kill(): void;
  /** A process that was forked ahead becomes this worker. */
  adopt(key: number, slot: number): void;
}

type WithoutVersion<Message> = Message extends unknown ? Omit<Message, "v"> : never;

export interface WorkerListeners {
  heard(message: ToPrimary): void;
  exited(code: number | null, signal: string | null, lastWords: string): void;
}

export interface ForkInput {
  readonly key: number;
  readonly slot: number;
  /** On top of the primary's own; what is undefined is taken out of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly distribution: Distribution;
  readonly codeCache: CodeCache;
  readonly log: LogSink;
}

export function forkWorker(input: ForkInput, listeners: WorkerListeners): WorkerHandle {
  const { key, slot, env, distribution, codeCache, log } = input;
  cluster.setupPrimary({ exec: PROGRAM, args: [], silent: true, windowsHide: true });
  const claim = codeCache.claim();
  const worker = cluster.fork({ ...env, ...distribution.env, ...claim.env });
  distribution.attach(worker);
  const child = worker.process;
  /** What it was told before it said anything; null once it has. */
  let early: WithoutVersion<ToWorker>[] | null = [];
  const tell = (message: WithoutVersion<ToWorker>): void => {
    // Not to a worker that is already gone: its exit tells.
    if (child.connected) child.send({ v: PROTOCOL, ...message }, () => undefined);
  };
  const handle: WorkerHandle = {
    key,
    pid: child.pid ?? 0,
    startedAt: Date.now(),
    slot,
    stats: { loop: { p50: 0, p99: 0, max: 0 }, total: 0, inFlight: 0, perSecond: 0 },
    send: (message) => {
      early?.push(message);
      const listens =
        message.type === "promote" || (message.type === "start" && message.identity.slot !== 0);
      if (listens) distribution.offer(worker, () => tell(message));
      else tell(message);
    },
    lastBeat: null,
    crashedAt: null,
    stack: async (limitMs) => {
      const until = performance.now() + limitMs;
      const address = new Promise<string>((resolve) => output.expectInspector(resolve));
      child.kill("SIGUSR1");
      const late = new Promise<null>((resolve) => {
        setTimeout(() => resolve(null), limitMs).unref();
      });
      const url = await Promise.race([address, late]);
      if (url === null) return NO_STACK;
      try {
        return await readStack(url, Math.max(1, Math.ceil(until - performance.now())));
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    heldUp: () => output.heldUp(),
    kill: () => void child.kill("SIGKILL"),
    adopt: (given, inSlot) => {
      handle.key = given;
      handle.slot = inSlot;
      handle.startedAt = Date.now();
    },
  };
  const output = forwardOutput({
    stdout: child.stdout,
    stderr: child.stderr,
    slot: () => handle.slot,
    log,
  });
  child.on("message", (message: unknown) => {
    if (!isToPrimary(message)) return;
    if (message.type === "beat" || message.type === "ready") handle.lastBeat = performance.now();
    const unheard = early ?? [];
    early = null;
    if (message.type === "hello") for (const order of unheard) tell(order);
    else listeners.heard(message);
  });
  // A failed fork or a broken channel is followed by the exit.
  child.on("error", () => undefined);
  worker.on("error", () => undefined);
  child.once("exit", (code, signal) => {
    claim.release();
    distribution.release(worker.id);
    const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_WORDS_MS).unref());
    void Promise.race([output.ended, late]).then(() =>
      listeners.exited(code, signal, output.lastWords()),
    );
  });
  return handle;
}
