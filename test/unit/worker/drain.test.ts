import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, createServer, type Server } from "node:http";
import {
  connect as connectHttp2,
  createSecureServer,
  createServer as createHttp2,
  type ClientHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { Agent as SecureAgent, createServer as createHttps, get as getSecure } from "node:https";
import { connect, type Server as NetServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { drainTraffic } from "../../../src/worker/drain.js";
import { watchTraffic } from "../../../src/worker/traffic.js";
import { ask } from "../../support/clients.js";

vi.setConfig({ testTimeout: 60_000 });

const TLS = join(import.meta.dirname, "..", "..", "fixtures", "distribution", "tls");
const key = readFileSync(join(TLS, "key.pem"));
const cert = readFileSync(join(TLS, "cert.pem"));
/** More than any of these drains should need. */
const LONG_MS = 60_000;

async function listen(server: NetServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Until something else than this client's own doing happens to the socket. */
const answerOf = async (socket: Socket): Promise<string> => {
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(socket, "close");
  return text;
};

const statusOf = (session: ClientHttp2Session): Promise<unknown> => {
  const stream = session.request({ ":path": "/" });
  stream.resume();
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.once("response", (headers) => resolve(headers[":status"]));
  });
};

/** What the answer says about the connection. */
const askSecurely = (port: number, agent: SecureAgent): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const request = getSecure({ port, host: "127.0.0.1", agent });
    request.once("error", reject);
    request.once("response", (response) => {
      response.resume().once("end", () => resolve(response.headers.connection));
    });
  });

/** As on a machine where this process does not get its turn. */
const getNoTurn = (ms: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

const hello = (): Server => createServer((_request, response) => response.end("hello"));

test("a client in the kernel's queue when the drain begins is served", async () => {
  const traffic = watchTraffic();
  const port = await listen(hello());
  const sockets = Array.from({ length: 5 }, () => connect(port, "127.0.0.1"));
  for (const socket of sockets) socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const drained = drainTraffic(traffic, LONG_MS);
  for (const answer of await Promise.all(sockets.map(answerOf))) {
    expect(answer).toContain("hello");
    expect(answer).toContain("Connection: close");
  }
  expect(await drained).toBe(0);
});

test("a client in the queue is served however long the application keeps the loop busy", async () => {
  const traffic = watchTraffic();
  const slow = createServer((_request, response) => {
    getNoTurn(300);
    response.end("hello");
  });
  const port = await listen(slow);
  const sockets = Array.from({ length: 8 }, () => connect(port, "127.0.0.1"));
  for (const socket of sockets) socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const drained = drainTraffic(traffic, LONG_MS);
  for (const answer of await Promise.all(sockets.map(answerOf))) expect(answer).toContain("hello");
  expect(await drained).toBe(0);
});

test("requests that a client sent in a row are all answered, and the last answer says close", async () => {
  const traffic = watchTraffic();
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const answer = () => response.end(`answer ${request.url ?? ""}`);
    waiting.push(answer);
  });
  const port = await listen(server);
  const socket = connect(port, "127.0.0.1");
  const ask = (path: string): void => void socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const arrived = async (count: number): Promise<void> => {
    while (waiting.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  ask("/1");
  ask("/2");
  await arrived(2);
  const drained = drainTraffic(traffic, LONG_MS);
  ask("/3");
  await arrived(3);
  for (const answer of waiting) answer();
  const text = await answerOf(socket);
  expect(text.match(/answer \/\d/g)).toEqual(["answer /1", "answer /2", "answer /3"]);
  expect(text.match(/Connection: [\w-]+/g)?.at(-1)).toBe("Connection: close");
  expect(await drained).toBe(0);
});

test("a kept-alive connection that stays idle is closed, one that asks again is answered", async () => {
  const traffic = watchTraffic();
  const port = await listen(hello());
  const idle = connect(port, "127.0.0.1");
  idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(idle, "data");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect(await ask(port, "/", { agent })).toMatchObject({ connection: "keep-alive" });
  const drained = drainTraffic(traffic, LONG_MS);
  expect(await ask(port, "/", { agent })).toMatchObject({ body: "hello", connection: "close" });
  await once(idle, "close");
  expect(await drained).toBe(0);
  agent.destroy();
});

test("HTTPS: the same, and a connection that never finishes its handshake is closed", async () => {
  const traffic = watchTraffic();
  const port = await listen(createHttps({ key, cert }, (_, response) => response.end("hello")));
  const silent = connect(port, "127.0.0.1");
  await once(silent, "connect");
  const agent = new SecureAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  expect(await askSecurely(port, agent)).toBe("keep-alive");
  const drained = drainTraffic(traffic, LONG_MS);
  expect(await askSecurely(port, agent)).toBe("close");
  await once(silent.resume(), "close");
  expect(await drained).toBe(0);
  agent.destroy();
});

test("HTTP/2: a request that has arrived is not refused, however late it is read", async () => {
  const traffic = watchTraffic();
  const port = await listen(createHttp2((_, response) => response.end("hello")));
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  await once(session, "remoteSettings");
  // From a timer, so that the timers that are due by then come before what is to be read.
  await new Promise((resolve) => setTimeout(resolve));
  const drained = drainTraffic(traffic, LONG_MS);
  const status = statusOf(session);
  // It is read after the grace for idle sessions is over.
  getNoTurn(1_200);
  expect(await status).toBe(200);
  expect(await drained).toBe(0);
});

test("HTTP/2: streams in flight end, and a session that begins late has its request served", async () => {
  const traffic = watchTraffic();
  const server = createHttp2();
  const begun = new Promise<ServerHttp2Stream>((resolve) => server.once("stream", resolve));
  const port = await listen(server);
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const status = statusOf(session);
  const stream = await begun;
  server.on("stream", (later) => {
    later.respond({ ":status": 200 });
    later.end("hello");
  });
  const late = connectHttp2(`http://127.0.0.1:${port}`);
  const lateStatus = statusOf(late);
  const drained = drainTraffic(traffic, LONG_MS);
  expect(await lateStatus).toBe(200);
  stream.respond({ ":status": 204 }, { endStream: true });
  expect(await status).toBe(204);
  expect(await drained).toBe(0);
});

test("HTTP/2: a client that asks again as soon as it is answered loses no request", async () => {
  const traffic = watchTraffic();
  const port = await listen(createHttp2((_, response) => response.end("hello")));
  const ask = async (session: ClientHttp2Session): Promise<void> => {
    const stream = session.request({ ":path": "/" });
    stream.resume();
    await once(stream, "end");
    // It reads what else has come together with the answer.
    getNoTurn(5);
  };
  const clients: Promise<void>[] = [];
  const busy = Array.from({ length: 8 }, async () => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    for (let asked = 0; asked < 5; asked += 1) await ask(session);
    const goesOn = async () => {
      while (!session.closed) await ask(session);
    };
    clients.push(goesOn());
  });
  await Promise.all(busy);
  expect(await drainTraffic(traffic, LONG_MS)).toBe(0);
  await Promise.all(clients);
});

test("HTTP/1 on a server for HTTP/2: a kept-alive connection that stays idle is closed", async () => {
  const traffic = watchTraffic();
  const server = createSecureServer({ key, cert, allowHTTP1: true }, (_, response) => {
    response.end("hello");
  });
  const port = await listen(server);
  const agent = new SecureAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  expect(await askSecurely(port, agent)).toBe("keep-alive");
  expect(await drainTraffic(traffic, LONG_MS)).toBe(0);
  agent.destroy();
});
