import { Agent } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ask } from "../support/clients.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady } from "../support/serve.js";
import { freePort, isAlive, PROGRAM } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const message = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) =>
    socket.once("message", (data) => resolve(Buffer.isBuffer(data) ? data.toString() : "")),
  );

describe("a graceful stop", () => {
  test("completes every request in flight, exits 0 and leaves no process", async () => {
    const app = await serveReady({ app: "busy.mjs", url: database.url });
    const pids = await app.workers();
    const answers = Array.from({ length: 20 }, () => ask(app.port, "/slow?ms=3000"));
    await app.says(({ msg }) => msg === "slow begun", 20);
    const end = app.end();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await end).toEqual({ code: 0, signal: null });
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("runs shutdown functions last registered first, after the requests", async () => {
    const app = await serveReady({ app: "busy.mjs", url: database.url, workers: 1 });
    await app.end();
    expect(app.log.filter(({ step }) => step !== undefined).map(({ step }) => step)).toEqual([
      2, 1,
    ]);
  });

  test("answers a kept-alive connection's next request with Connection: close", async () => {
    const app = await serveReady({ app: "busy.mjs", url: database.url, workers: 1 });
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await ask(app.port, "/", { agent: kept })).toMatchObject({ connection: "keep-alive" });
    const end = app.end();
    // Without a pause: a connection that stays idle is closed.
    let next = await ask(app.port, "/", { agent: kept });
    while (next.connection === "keep-alive") next = await ask(app.port, "/", { agent: kept });
    expect(next).toMatchObject({ status: 200, connection: "close" });
    expect(await end).toMatchObject({ code: 0 });
    kept.destroy();
  });

  test("lets a streaming response end", async () => {
    const app = await serveReady({ app: "busy.mjs", url: database.url, workers: 1 });
    const answer = ask(app.port, "/stream?ms=1500");
    await app.says(({ msg }) => msg === "stream begun");
    const end = app.end();
    expect(await answer).toMatchObject({ body: "begun\nended\n" });
    expect(await end).toMatchObject({ code: 0 });
  });

  test("tells WebSocket applications by ctx.signal and lets them talk on", async () => {
    const app = await serveReady({ app: "websocket.mjs", url: database.url, workers: 1 });
    const socket = new WebSocket(`ws://127.0.0.1:${app.port}`);
    await new Promise((resolve) => socket.once("open", resolve));
    const told = message(socket);
    const end = app.end();
    expect(await told).toBe("draining");
    const echo = message(socket);
    socket.send("still here");
    expect(await echo).toBe("still here");
    socket.close();
    expect(await end).toMatchObject({ code: 0 });
    expect(app.log.filter(({ requests_cut }) => Number(requests_cut) > 0)).toEqual([]);
  });

  test("lets HTTP/2 streams end", async () => {
    const app = await serveReady({ app: "kind-http2.mjs", url: database.url, workers: 1 });
    const session = connectHttp2(`http://127.0.0.1:${app.port}`);
    const stream = session.request({ ":path": "/other" });
    await new Promise((resolve) => session.once("connect", resolve));
    const end = app.end();
    const status = new Promise((resolve, reject) => {
      stream.once("error", reject);
      stream.once("response", (headers) => resolve(headers[":status"]));
    });
    stream.resume();
    expect(await status).toBe(200);
    expect(await end).toMatchObject({ code: 0 });
    session.destroy();
  });

  test("cuts what is not done within drain_timeout and says how many", async () => {
    const app = await serveReady({
      app: "busy.mjs",
      url: database.url,
      workers: 1,
      supervisor: 'drain_timeout = "500ms"',
    });
    const lost = ask(app.port, "/slow?ms=60000").catch((error: unknown) => error);
    await app.says(({ msg }) => msg === "slow begun");
    expect(await app.end()).toMatchObject({ code: 0 });
    expect(await lost).toBeInstanceOf(Error);
    expect(app.log.find(({ event }) => event === "worker.killed")).toMatchObject({
      requests_cut: 1,
      reason: "drain-timeout",
    });
  });

  test("runs a script's own handler once its requests are done", async () => {
    const app = await serveReady({ app: "script-signals.cjs", url: database.url, workers: 1 });
    const answer = ask(app.port, "/slow");
    await app.says(({ msg }) => msg === "asked");
    const end = app.end();
    expect((await answer).body).toBe("served");
    expect(await end).toMatchObject({ code: 0 });
    expect(app.stdout()).toContain("own handler");
  });

  test("sent to the whole process group is like one sent to the primary", async () => {
    const app = await serveReady({
      app: "busy.mjs",
      url: database.url,
      command: ["setsid", process.execPath, PROGRAM],
    });
    const answers = [ask(app.port, "/slow?ms=1000"), ask(app.port, "/slow?ms=1000")];
    await app.says(({ msg }) => msg === "slow begun", 2);
    process.kill(-app.pid, "SIGTERM");
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
    expect(await app.exited).toEqual({ code: 0, signal: null });
  });

  test("asked for twice ends at once", async () => {
    const app = await serveReady({ app: "busy.mjs", url: database.url, workers: 1 });
    const lost = ask(app.port, "/slow?ms=60000").catch((error: unknown) => error);
    await app.says(({ msg }) => msg === "slow begun");
    app.child.kill("SIGTERM");
    await app.waitFor("supervisor.draining");
    app.child.kill("SIGQUIT");
    expect(await app.exited).toMatchObject({ code: 0 });
    expect(await lost).toBeInstanceOf(Error);
  });

  test("turns readiness off first and accepts on for shutdown_delay", async () => {
    const control = await freePort();
    const app = await serveReady({
      app: "busy.mjs",
      url: database.url,
      workers: 1,
      supervisor: 'shutdown_delay = "10m"',
      args: ["--control-port", String(control)],
    });
    expect(await ask(control, "/readyz")).toMatchObject({ status: 200 });
    app.child.kill("SIGTERM");
    await app.waitFor("supervisor.draining");
    expect(await ask(control, "/readyz")).toMatchObject({ status: 503 });
    expect(await ask(app.port, "/")).toMatchObject({ status: 200 });
    expect(await app.end("SIGQUIT")).toMatchObject({ code: 0 });
  });
});
