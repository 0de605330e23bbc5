// A candidate: the primary accepts, gives each connection to the worker with the fewest, and keeps
// its own descriptor until the worker says that the request has begun. What a dead worker had not
// begun goes to another; a worker whose heartbeat is late gets nothing.
import net from "node:net";

const BEAT_MS = 20;

export function dispatchTo() {
  /** @typedef {{ child: import("node:cluster").Worker, open: number, beat: number, held: Map<number, net.Socket> }} Target */
  /** @type {Map<number, Target>} */
  const targets = new Map();
  /** @type {net.Socket[]} */
  const queue = [];
  let last = 0;

  const give = (/** @type {net.Socket} */ socket) => {
    const late = Date.now() - 3 * BEAT_MS;
    const fit = [...targets.values()].filter(
      ({ child, beat }) => beat >= late && child.isConnected(),
    );
    const [least] = fit.sort((a, b) => a.open - b.open);
    if (!least) {
      queue.push(socket);
      return;
    }
    last += 1;
    least.open += 1;
    least.held.set(last, socket);
    least.child.send({ take: last }, socket, { keepOpen: true }, () => {});
  };
  const retry = () => {
    for (const socket of queue.splice(0)) give(socket);
  };
  const server = net.createServer({ pauseOnConnect: true }, give);
  server.listen(0, "127.0.0.1");
  const listening = new Promise((resolve) => {
    server.once("listening", () => {
      const address = server.address();
      resolve(typeof address === "object" ? address?.port : 0);
    });
  });

  return {
    listening,
    add(/** @type {import("node:cluster").Worker} */ child) {
      targets.set(child.id, { child, open: 0, beat: Date.now(), held: new Map() });
      retry();
    },
    heard(/** @type {import("node:cluster").Worker} */ child, /** @type {any} */ message) {
      const target = targets.get(child.id);
      if (!target) return;
      target.beat = Date.now();
      target.open -= message.closed ?? 0;
      for (const id of message.begun ?? []) {
        target.held.get(id)?.destroy();
        target.held.delete(id);
      }
      retry();
    },
    remove(/** @type {import("node:cluster").Worker} */ child) {
      const target = targets.get(child.id);
      targets.delete(child.id);
      for (const socket of target?.held.values() ?? []) give(socket);
    },
  };
}

/** @param {import("node:http").Server} server */
export function takeDispatched(server) {
  let closed = 0;
  const tell = (/** @type {number[]} */ ...begun) => {
    process.send?.({ begun, closed });
    closed = 0;
  };
  setInterval(() => tell(), BEAT_MS);
  const ids = new WeakMap();
  server.prependListener("request", (request) => {
    const id = ids.get(request.socket);
    ids.delete(request.socket);
    if (id !== undefined) tell(id);
  });
  process.on("message", (/** @type {any} */ { take }, /** @type {any} */ socket) => {
    if (!socket) return;
    ids.set(socket, take);
    socket.once("close", () => {
      closed += 1;
      if (ids.has(socket)) tell(take);
    });
    server.emit("connection", socket);
    socket.resume();
  });
}
