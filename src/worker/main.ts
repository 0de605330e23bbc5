/**
 * A worker, from its start to its end: wait for the order, load the application, warm the pool,
 * listen, say ready, serve, drain, end. What it does not do: decide. When to start, drain or die is the
 * primary's business; the worker does as told, and drains by itself only when the primary is gone.
 */
import cluster from "node:cluster";
import type { ToWorker } from "../ipc/messages.js";
import { openChannel } from "./channel.js";
import { installDistribution } from "./distribution/index.js";
import { createWorkerLife } from "./life.js";
import { redirection } from "./listen.js";
import type { ImportModule } from "./load-main.js";
import { guardSignals } from "./signals.js";
import { prepareOutput } from "./stdio.js";
import { watchTraffic } from "./traffic.js";

const endProcess: (status: number) => never = process.exit.bind(process);

/** Call it once, first of all. `load` is for the application. */
export function runWorker(load: ImportModule): void {
  prepareOutput();
  keepWithoutPrimary();
  // Should the primary ask for this worker's stack, its inspector takes any free port.
  process.debugPort = 0;
  const distribution = installDistribution();
  const channel = openChannel();
  const guard = guardSignals((signal) => void channel.send({ type: "asked", signal }));
  const life = createWorkerLife({
    channel,
    guard,
    traffic: watchTraffic(redirection()),
    load,
    listens: () => distribution.settle(),
    end: endProcess,
  });

  let started = false;
  const obey = (order: ToWorker): Promise<void> => {
    switch (order.type) {
      case "start":
        if (started) return Promise.resolve();
        started = true;
        return life.start(order);
      case "promote":
        return life.promote(order.identity);
      case "drain":
        return life.drain(order.timeoutMs);
      case "recovered":
        process.getBuiltinModule("node:inspector").close();
        return Promise.resolve();
      case "problem":
        life.show(order.problem);
        return Promise.resolve();
    }
  };
  channel.onOrder((order) => void obey(order));
  channel.onLost(() => void life.orphan());
  // The order comes with the fork. It is asked for where what was preloaded has read it from the channel.
  setImmediate(() => {
    if (!started) void channel.send({ type: "hello" });
  });
}

/** node:cluster ends a worker at once when its primary is gone, unless that was agreed before. */
function keepWithoutPrimary(): void {
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
}
