/**
 * How connections reach workers, the worker's half: servers that call `listen`, unchanged, get a
 * socket that all workers share. It takes the place of the function by which node:net asks
 * node:cluster for a listening handle, so that everything above it (http, https, http2, TLS,
 * frameworks, scripts) and every form of `listen` needs no change, and `exclusive: true`, which
 * never asks, is honoured.
 */
import cluster from "node:cluster";
import net, { Server } from "node:net";
import {
  COMMAND,
  isAcknowledgement,
  KIND_VARIABLE,
  keyOf,
  REUSEPORT_FLAG,
  parseOpened,
  parsePrimaryMessage,
  type ListenQuery,
  type Opened,
  type WorkerMessage,
} from "../../ipc/distribution/messages.js";
import { WAKE_SIGNAL } from "./balance.js";
import { createHolding } from "./holding.js";
import { isListenHandle, type ListenHandle } from "./handle.js";
import { createIndexes } from "./indexes.js";
import { createListener, type Listener } from "./listener.js";
import { createOffers } from "./offers.js";
import { parseQuery } from "./query.js";

/** Node's callback: a negative errno, or 0 and the handle. */
type Callback = (errno: number, handle: object | null) => void;

/** What `installDistribution` makes. */
export interface DistributionHalf {
  /** The application listens: what it was offered besides is of no use to it. */
  settle(): void;
}

const NONE: DistributionHalf = { settle: () => undefined };

/**
 * Call it once, before the application is loaded. Does nothing where the primary distributes by
 * itself, and outside a supervisor.
 */
export function installDistribution(env: NodeJS.ProcessEnv = process.env): DistributionHalf {
  const kind = env[KIND_VARIABLE];
  const askCluster: unknown = Reflect.get(cluster, "_getServer");
  if (kind === undefined || kind === "round-robin" || typeof askCluster !== "function") {
    return NONE;
  }

  const indexes = createIndexes();
  const listeners = new Map<string, Listener>();
  const holding = createHolding(send, listeners);
  const pending = new Map<number, (reply: Opened, handle: unknown) => void>();
  const offers = createOffers((key) => send({ act: "refuse", key }));
  let lastSeq = 0;

  process.on("internalMessage", (value: unknown, handle: unknown) => {
    if (isAcknowledgement(value)) holding.acknowledged();
    const message = parsePrimaryMessage(value);
    if (message?.act === "offers") offers.expect(message.keys);
    else if (message !== null) holding.heard(message, handle);
    const reply = parseOpened(value);
    if (reply === null) return;
    if (reply.seq === 0) offers.arrived(reply, handle);
    pending.get(reply.seq)?.(reply, handle);
    pending.delete(reply.seq);
  });
  if (kind === "balanced") {
    process.on(WAKE_SIGNAL, () => {
      for (const listener of listeners.values()) listener.look();
    });
  }

  const getServer = (server: object, options: object, callback: Callback): void => {
    const asked = server instanceof Server ? parseQuery(options) : null;
    if (!(server instanceof Server) || asked === null) {
      Reflect.apply(askCluster, cluster, [server, options, callback]);
      return;
    }
    const address = JSON.stringify(asked);
    const query = { ...asked, index: indexes.take(address) };
    const opened = (reply: Opened, received: unknown): void => {
      shareData(server, reply.data);
      const real = reply.errno === 0 ? realHandle(query, reply, received) : reply.errno;
      if (typeof real === "number") {
        indexes.free(address, query.index);
        callback(real, null);
        return;
      }
      const listener = createListener(server, real, reply.place, {
        onSilent: (socket) => holding.cover?.add(socket, reply.key),
        onClose: () => {
          listeners.delete(reply.key);
          indexes.free(address, query.index);
          send({ act: "close", key: reply.key });
        },
      });
      listeners.set(reply.key, listener);
      holding.open(reply.place);
      server.once("listening", () => announceListening(server, query));
      callback(0, listener.handle);
    };
    if (offers.take(keyOf(query), opened)) return;
    lastSeq += 1;
    pending.set(lastSeq, opened);
    send({ act: "open", seq: lastSeq, query, data: ownData(server) });
  };
  Reflect.set(cluster, "_getServer", getServer);
  return { settle: () => offers.settle() };
}

/** Under `reuseport` the worker binds for itself, to the port that the primary reserved. */
function realHandle(query: ListenQuery, reply: Opened, received: unknown): ListenHandle | number {
  if (isListenHandle(received)) return received;
  const create: unknown = Reflect.get(net, "_createServerHandle");
  if (typeof create !== "function") throw new Error("this Node has no net._createServerHandle");
  const flags = query.flags | REUSEPORT_FLAG;
  const made: unknown = Reflect.apply(create, net, [
    query.address,
    reply.port,
    query.addressType,
    undefined,
    flags,
  ]);
  if (typeof made === "number" || isListenHandle(made)) return made;
  throw new Error("net._createServerHandle returned no handle");
}

/** TLS session ticket keys, which all workers must share for resumption to work. */
function ownData(server: Server): unknown {
  const get: unknown = Reflect.get(server, "_getServerData");
  return typeof get === "function" ? Reflect.apply(get, server, []) : null;
}

function shareData(server: Server, data: unknown): void {
  const set: unknown = Reflect.get(server, "_setServerData");
  if (typeof set === "function" && data) Reflect.apply(set, server, [data]);
}

/** node:cluster's own `listening` event, for whoever waits for it in the primary. */
function announceListening(server: Server, { address, port, addressType, fd }: ListenQuery): void {
  const bound = server.address();
  const actual = typeof bound === "object" && bound !== null ? bound.port : port;
  process.send?.({
    cmd: "NODE_CLUSTER",
    act: "listening",
    address,
    port: actual,
    addressType,
    fd: fd ?? undefined,
  });
}

/**
 * A channel that has just closed means that the primary is gone; the worker ends by that. Called by
 * reflection because the types of `send` have no bare handles, which node:cluster itself sends.
 */
function send(message: WorkerMessage, handle?: object): void {
  const method: unknown = Reflect.get(process, "send");
  if (typeof method !== "function" || !process.connected) return;
  const failed = (): void => undefined;
  Reflect.apply(method, process, [{ cmd: COMMAND, ...message }, handle, {}, failed]);
}
