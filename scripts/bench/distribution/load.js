// The clients, in a process of their own. Every request is counted by its outcome: answered, reset
// (the connection ended before a whole answer), refused, or stranded (neither within 4 s).
import net from "node:net";

const STRANDED_MS = 4_000;

/**
 * @typedef {{ outcome: "answered" | "reset" | "refused" | "stranded", pid: number, ms: number, id: number }} Outcome
 */

/** One request on a connection of its own. @param {number} port @param {string} path @param {number} id @returns {Promise<Outcome>} */
export function request(port, path, id) {
  const start = performance.now();
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    let text = "";
    const end = (/** @type {Outcome["outcome"]} */ outcome) => {
      clearTimeout(timer);
      socket.destroy();
      const pid = Number(text.slice(text.lastIndexOf("\n") + 1));
      resolve({ outcome, pid, ms: performance.now() - start, id });
    };
    const timer = setTimeout(() => end("stranded"), STRANDED_MS);
    socket.on("connect", () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
    );
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => (text += chunk));
    socket.on("error", (error) =>
      end("code" in error && error.code === "ECONNREFUSED" ? "refused" : "reset"),
    );
    socket.on("end", () => end(/\r\n\r\n\d+$/.test(text) ? "answered" : "reset"));
  });
}

/** Clients that ask one request after another until the time is over. @param {{ port: number, path: string, clients: number, ms: number, mark?: boolean }} load */
export async function closedLoop({ port, path, clients, ms, mark = false }) {
  const until = performance.now() + ms;
  /** @type {Outcome[]} */
  const outcomes = [];
  let last = 0;
  const client = async () => {
    while (performance.now() < until) {
      last += 1;
      outcomes.push(await request(port, mark ? `${path}?id=${last}` : path, last));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return outcomes;
}

/** Kept-alive connections, opened all at once or `gapMs` apart; answers the pid that each reached. @param {number} port @param {number} count @param {number} gapMs */
export async function keptConnections(port, count, gapMs) {
  /** @type {net.Socket[]} */
  const sockets = [];
  const open = () =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port, "127.0.0.1", () => {
        socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      });
      sockets.push(socket);
      socket.setEncoding("latin1");
      socket.once("data", (text) => resolve(/\r\n\r\n(\d+)/.exec(String(text))?.[1] ?? "?"));
      socket.once("error", reject);
    });
  const reached = [];
  for (let at = 0; at < count; at += 1) {
    reached.push(open());
    if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
  }
  const pids = await Promise.all(reached);
  for (const socket of sockets) socket.destroy();
  return pids;
}
