/**
 * How connections reach workers, the primary's half. The primary owns every listening socket that
 * workers share and accepts nothing itself: workers pull. So a connection is either in the kernel's
 * queue, where any worker can take it, or in the hands of the worker that answers it; none is ever
 * on its way between two processes, where it would be lost with one of them. Of those whose client is
 * still silent the primary holds a second descriptor, for another worker should this one die (held.ts).
 *
 * The worker's half is `worker/distribution`; why this way, with the measurements, is
 * docs/adr/0020-distribution.md.
 *
 * Wiring: `createDistribution` before the first fork; `cluster.fork({ ...distribution.env })`, then
 * `attach(worker)` in the same tick; `release(worker.id)` on its `exit`; `settle()` whenever all
 * workers are ready (after the start, after each reload); `close()` at the end.
 */
import cluster, { type Worker } from "node:cluster";
import type { Distribution as Setting } from "../../config/config.js";
import {
  COMMAND,
  KIND_VARIABLE,
  parseWorkerMessage,
  type Kind,
  type Opened,
  type PrimaryMessage,
} from "../../ipc/distribution/messages.js";
import { hasPreloads } from "../../ipc/preloads.js";
import type { Logger } from "../../log/logger.js";
import { createHeld } from "./held.js";
import { createListeners } from "./listeners.js";

export interface Distribution {
  readonly kind: Kind;
  /** Environment of every worker: tells its half what to do. */
  readonly env: Readonly<Record<string, string>>;
  /** Serves the worker's requests to listen. Call it in the tick of its fork. */
  attach(worker: Worker): void;
  /**
   * The worker is about to listen: `order` tells it to, and what the workers before it listened on comes
   * with that. So it need not ask, for which it would wait until both processes have had their turn.
   */
  offer(worker: Worker, order: () => void): void;
  /**
   * The worker is gone. Its listeners stay open for its replacement; the kernel's queue waits. A
   * worker that drains has left them before, by closing its servers.
   */
  release(workerId: number): void;
  /** Closes listeners that no worker has asked for: a release moved to another port. */
  settle(): void;
  /** Closes every listener. */
  close(): void;
}

/** `auto` is the one that passed all four measures. */
const kindOf = (setting: Setting): Kind => (setting === "auto" ? "balanced" : setting);

/**
 * Sets the scheduling policy of node:cluster, which its first fork freezes.
 */
export function createDistribution(setting: Setting, log: Pick<Logger, "warn">): Distribution {
  const kind = kindOf(setting);
  cluster.schedulingPolicy = kind === "round-robin" ? cluster.SCHED_RR : cluster.SCHED_NONE;
  const listeners = createListeners(kind, log);
  const held = createHeld(listeners);
  const openLedger = (worker: Worker): string | null =>
    kind === "balanced"
      ? held.open(worker.id, (message, handle) => send(worker, message, handle))
      : null;

  return {
    kind,
    env: { [KIND_VARIABLE]: kind },
    attach(worker) {
      if (kind === "round-robin") return;
      worker.process.on("internalMessage", (value: unknown, handle: unknown) => {
        const message = parseWorkerMessage(value);
        if (message === null) return;
        if (message.act === "open") {
          const { reply, handle } = listeners.open(worker.id, message, openLedger(worker));
          send(worker, reply, handle);
        } else if (message.act === "close") listeners.leave(worker.id, message.key);
        else if (message.act === "refuse") listeners.release(worker.id, message.key);
        else held.heard(worker.id, message, handle);
      });
      worker.on("listening", () => held.offer());
      void whenSilent(worker).then(() => {
        held.gone(worker.id);
        // Node leaves that out too.
        if (cluster.workers) Reflect.deleteProperty(cluster.workers, worker.id);
      });
    },
    offer(worker, order) {
      // What is preloaded may let the worker's loop turn before its half is there to receive them.
      const unwanted = kind === "round-robin" || hasPreloads();
      const offers = unwanted ? [] : listeners.offer(worker.id, () => openLedger(worker));
      if (offers.length > 0) {
        send(worker, { act: "offers", keys: offers.map(({ reply }) => reply.key) });
      }
      // First of all: what follows a handle waits until the worker has acknowledged it.
      order();
      for (const { reply, handle } of offers) send(worker, reply, handle);
    },
    release: (workerId) => listeners.release(workerId),
    settle: () => listeners.settle(),
    close() {
      held.close();
      listeners.close();
    },
  };
}

/** How long a dead worker's channel may stay open, should something else have inherited it. */
const LAST_MESSAGES_MS = 500;
const LOOK_MS = 5;

/**
 * Resolves when a worker has ended and what it had sent by then has been received. Looks whether the
 * channel is closed: Node leaves `disconnect` out while a descriptor is unacknowledged.
 */
async function whenSilent(worker: Worker): Promise<void> {
  await new Promise<void>((resolve) => worker.process.once("exit", () => resolve()));
  const until = performance.now() + LAST_MESSAGES_MS;
  while (worker.isConnected() && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS).unref());
  }
}

/**
 * A worker that is ending has a closed channel; its `exit` follows and releases it. Called by
 * reflection because the types of `send` have no bare handles, which node:cluster itself sends.
 */
function send(worker: Worker, message: Opened | PrimaryMessage, handle?: object): void {
  const method: unknown = Reflect.get(worker.process, "send");
  if (typeof method !== "function" || !worker.isConnected()) return;
  const failed = (): void => undefined;
  Reflect.apply(method, worker.process, [{ cmd: COMMAND, ...message }, handle, {}, failed]);
}
