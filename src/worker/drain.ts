/**
 * The end of a worker's service: stop accepting, let what is in flight finish, tell kept-alive
 * connections to close with their next response, and close those that stay idle. Closing an idle
 * connection at once would lose the request that its client is sending at that moment.
 */
import { Server as NetServer, type Socket } from "node:net";
import { isUpgraded, type Traffic } from "./traffic.js";

/** How long a kept-alive connection may stay silent after the drain began before it is closed. */
const IDLE_GRACE_MS = 1_000;
const SWEEP_MS = 100;
/** HTTP/2: "no more requests, please", without refusing any. Source: RFC 9113, section 6.8. */
const NO_ERROR = 0;
const HIGHEST_STREAM = 2 ** 31 - 1;

/** Resolves to how many requests were cut: 0 when all finished in time. */
export async function drainTraffic(traffic: Traffic, timeoutMs: number): Promise<number> {
  const closed = [...traffic.servers].map(stopAccepting);
  for (const response of traffic.responses()) response.shouldKeepAlive = false;
  traffic.onRequest((response) => {
    response.shouldKeepAlive = false;
  });
  // Announced first, closed later: what the client has sent by the time it hears of it is served.
  for (const session of traffic.sessions) session.goaway(NO_ERROR, HIGHEST_STREAM);
  const closing = setTimeout(() => {
    for (const session of traffic.sessions) session.close();
  }, IDLE_GRACE_MS);

  const sweeper = setInterval(() => setImmediate(sweep), SWEEP_MS);
  const idle = new Map<Socket, { since: number; bytes: number }>();
  const sweep = () => {
    const busy = new Set(traffic.responses().map((response) => response.req.socket));
    const now = performance.now();
    for (const [socket, protocol] of traffic.connections) {
      if (protocol !== "http1" || busy.has(socket) || isUpgraded(socket)) {
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
  clearTimeout(deadline);
  clearTimeout(closing);
  clearInterval(sweeper);
  if (outcome !== "late") return 0;
  const cut = traffic.inFlight();
  for (const socket of traffic.connections.keys()) socket.destroy();
  return cut;
}

/** http.Server's own close() also drops idle connections at once, so the one below it is called. */
const stopAccepting = (server: NetServer): Promise<void> =>
  new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
