import { Agent, get, type RequestOptions } from "node:http";
import { connect, type ClientHttp2Session } from "node:http2";
import { Agent as SecureAgent, get as getSecurely } from "node:https";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady } from "../support/serve.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** A client that asks for a path and gives back the body; on one connection as long as the server likes, or not. */
interface Client {
  ask(path: string): Promise<string>;
  close(): void;
}
type Clients = (port: number, keepAlive: boolean) => Client;

const http1 =
  (secure: boolean): Clients =>
  (port, keepAlive) => {
    const agent = new (secure ? SecureAgent : Agent)({ keepAlive, maxSockets: 1 });
    const options = (path: string): RequestOptions & { rejectUnauthorized: boolean } => ({
      host: "127.0.0.1",
      port,
      path,
      agent,
      rejectUnauthorized: false,
    });
    return {
      ask: (path) =>
        new Promise((resolve, reject) => {
          const request = (secure ? getSecurely : get)(options(path), (response) => {
            let body = "";
            response.setEncoding("utf8");
            response.on("data", (chunk: string) => (body += chunk));
            response.once("error", reject);
            response.once("end", () => resolve(`${response.statusCode ?? 0} ${body}`));
          });
          request.once("error", reject);
        }),
      close: () => agent.destroy(),
    };
  };

const http2 =
  (secure: boolean): Clients =>
  (port, keepAlive) => {
    let session: ClientHttp2Session | null = null;
    const current = (): ClientHttp2Session => {
      if (session !== null && !session.closed && !session.destroyed) return session;
      const opened = connect(`${secure ? "https" : "http"}://127.0.0.1:${port}`, {
        rejectUnauthorized: false,
      });
      // What goes wrong is told by the request that it goes wrong for.
      opened.on("error", () => undefined);
      opened.on("goaway", () => {
        if (session === opened) session = null;
        opened.close();
      });
      session = opened;
      return opened;
    };
    const close = (): void => {
      session?.close();
      session = null;
    };
    return {
      ask: async (path) => {
        const stream = current().request({ ":path": path });
        let status = 0;
        let body = "";
        stream.once("response", (headers) => (status = Number(headers[":status"])));
        stream.setEncoding("utf8");
        stream.on("data", (chunk: string) => (body += chunk));
        await once(stream, "end");
        if (!keepAlive) close();
        return `${status} ${body}`;
      },
      close,
    };
  };

/** Half of them keep their connections. Each answer has to be the one for its request. */
function load(port: number, clients: Clients, count: number) {
  const failures: string[] = [];
  let served = 0;
  let going = true;
  const run = async (number: number): Promise<void> => {
    const client = clients(port, number % 2 === 0);
    for (let turn = 0; going; turn += 1) {
      const path = `/${number}/${turn}`;
      const answer = await client.ask(path).catch(String);
      if (answer === `200 app ${path}`) served += 1;
      else failures.push(`${path}: ${answer}`);
    }
    client.close();
  };
  const running = Array.from({ length: count }, (_client, number) => run(number));
  return {
    served: () => served,
    stop: async (): Promise<string[]> => {
      going = false;
      await Promise.all(running);
      return failures;
    },
  };
}

const KINDS: [string, Clients][] = [
  ["kind-express.mjs", http1(false)],
  ["kind-fastify.mjs", http1(false)],
  ["kind-koa.mjs", http1(false)],
  ["kind-hono.mjs", http1(false)],
  ["kind-script.cjs", http1(false)],
  ["kind-https.mjs", http1(true)],
  ["kind-http2.mjs", http2(false)],
  ["kind-http2-secure.mjs", http2(true)],
];

describe("rolling reloads under 16 clients, one worker at a time and both at once", () => {
  test.each(KINDS)("lose no request of %s", async (app, clients) => {
    const running = await serveReady({ app, url: database.url });
    const going = load(running.port, clients, 16);
    for (const parallel of ["1", "2"]) {
      const done = await running.command("reload", "--parallel", parallel);
      expect(done).toMatchObject({ code: 0 });
    }
    expect(await going.stop()).toEqual([]);
    expect(going.served()).toBeGreaterThan(100);
    expect(running.log.filter(({ requests_cut }) => Number(requests_cut) > 0)).toEqual([]);
    expect(await running.end()).toMatchObject({ code: 0 });
  });
});

describe("a WebSocket at a reload", () => {
  const open = async (port: number): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, "open");
    return socket;
  };
  const heard = (socket: WebSocket): Promise<string> =>
    new Promise((resolve) => socket.once("message", (data: Buffer) => resolve(data.toString())));

  test("goes on beside the new generation, and past drain_timeout is cut and counted", async () => {
    const app = await serveReady({
      app: "websocket.mjs",
      url: database.url,
      workers: 1,
      supervisor: 'drain_timeout = "3s"',
    });
    const sockets = await Promise.all([open(app.port), open(app.port)]);
    const draining = sockets.map(heard);
    const closed = sockets.map((socket) => once(socket, "close"));
    const reload = app.command("reload");
    expect(await Promise.all(draining)).toEqual(["draining", "draining"]);
    await app.says(({ event }) => event === "worker.ready", 2);
    const [first] = sockets;
    const echo = heard(first);
    first.send("still here");
    expect(await echo).toBe("still here");
    const newcomer = await open(app.port);
    expect(await reload).toMatchObject({ code: 0 });
    await Promise.all(closed);
    expect(app.log.find(({ event }) => event === "worker.killed")).toMatchObject({
      reason: "drain-timeout",
      requests_cut: 2,
    });
    const answer = heard(newcomer);
    newcomer.send("new");
    expect(await answer).toBe("new");
    newcomer.close();
  });
});
