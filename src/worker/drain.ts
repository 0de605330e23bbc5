/**
 * The end of a worker's service: serve who has connected already, stop accepting, let what is in
 * flight finish, tell kept-alive connections to close with their next response, and close those that
 * stay idle. Closing an idle connection at once would lose the request that its client is sending at
 * that moment.
 */
import { Server as NetServer, type Socket } from "node:net";
import { drainSessions } from "./drain-sessions.js";
import { isUpgraded, type Traffic } from "./traffic.js";

/** How long a kept-alive connection may stay silent after the drain began before it is closed. */
const IDLE_GRACE_MS = 1_000;
const SWEEP_MS = 100;
/** Under a load that never pauses the queue is never empty: then what comes later has to reconnect. */
const QUEUE_MS = 1_000;
/** What one turn counts at most: the time that the application blocks the loop is not the queue's. */
const TURN_MS = 20;

/** Resolves to how many requests were cut: 0 when all finished in time. */
export async function drainTraffic(traffic: Traffic, timeoutMs: number): Promise<number> {
  for (const response of traffic.responses()) response.shouldKeepAlive = false;
  let over = false;
  traffic.onRequest((response, before) => {
    if (over) return;
    // What a client has sent already is answered; the last answer is the one that says so.
    if (before !== null && !before.headersSent) before.shouldKeepAlive = true;
    response.shouldKeepAlive = false;
  });
  const sessions = drainSessions(traffic);
  const closed = [...traffic.servers].map(async (server) => {
    await emptyQueue(server, () => over);
    await stopAccepting(server);
  });

  // What has arrived while this process had no turn is read first.
  const sweeper = setInterval(() => setImmediate(sweep), SWEEP_MS);
  const idle = new Map<Socket, { since: number; bytes: number }>();
  const sweep = () => {
    const busy = new Set(traffic.responses().map((response) => response.req.socket));
    const now = performance.now();
    sessions.step(now);
    for (const [socket, protocol] of traffic.connections) {
      const mayBeIdle = protocol === "http1" || protocol === "handshake";
      if (!mayBeIdle || busy.has(socket) || isUpgraded(socket)) {
        idle.delete(socket);
        continue;
      }
      const known = idle.get(socket);
      if (known?.bytes !== socket.bytesRead)
        idle.set(socket, { since: now, bytes: socket.bytesRead });
      else if (now - known.since >= IDLE_GRACE_MS) socket.destroySoon();
    }
  };
  sweep();

  let deadline: NodeJS.Timeout | undefined;
  const timeUp = new Promise<"late">((resolve) => {
    deadline = setTimeout(() => resolve("late"), timeoutMs);
  });
  const outcome = await Promise.race([Promise.all(closed), timeUp]);
  over = true;
  sessions.end();
  clearTimeout(deadline);
  clearInterval(sweeper);
  if (outcome !== "late") return 0;
  const cut = traffic.inFlight();
  for (const socket of traffic.connections.keys()) socket.destroy();
  return cut;
}

/**
 * Resolves once the kernel has no connection left for this server. A client in the kernel's queue
 * believes itself connected, and when the last worker closes the socket it is reset.
 */
async function emptyQueue(server: NetServer, isOver: () => boolean): Promise<void> {
  acceptAll(server);
  let accepted = true;
  const note = () => {
    accepted = true;
  };
  server.on("connection", note);
  for (let spent = 0; accepted && spent < QUEUE_MS && !isOver();) {
    accepted = false;
    const began = performance.now();
    // Two turns hold one whole look at the socket, wherever in a turn this began.
    for (let turn = 0; turn < 2; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    spent += Math.min(TURN_MS, performance.now() - began);
  }
  server.removeListener("connection", note);
}

/** A worker that leaves the queue to others at this moment may be the last one to close it. */
function acceptAll(server: NetServer): void {
  const handle: unknown = Reflect.get(server, "_handle");
  const accept: unknown =
    typeof handle === "object" && handle !== null ? Reflect.get(handle, "acceptAll") : null;
  if (typeof accept === "function") Reflect.apply(accept, handle, []);
}

/** http.Server's own close() also drops idle connections at once, so the one below it is called. */
const stopAccepting = (server: NetServer): Promise<void> =>
  new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
