import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { FIXTURES, freePort, launch, project } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  const session = await connect(database.url);
  await session.query("CREATE TABLE note (id int PRIMARY KEY, text text NOT NULL)");
  await session.end();
});
afterAll(() => database.drop());

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function start(entry: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const port = await freePort();
  const running = launch({
    cwd: project({}),
    args: ["serve", join(FIXTURES, entry), "--no-watch", "--log-format", "json"],
    env: { DATABASE_URL: database.url, PORT: String(port), ...env },
  });
  await running.waitFor("supervisor.ready");
  return `http://127.0.0.1:${port}`;
}

async function http1(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.text() };
}

const SEED = JSON.stringify({ fixtures: [{ id: "n", table: "note", data: { id: 1, text: "a" } }] });
const post = (body?: string): RequestInit => ({
  method: "POST",
  ...(body === undefined ? {} : { body }),
});

describe("test endpoints in development", () => {
  it.each([
    "kind-factory.mjs",
    "kind-express.mjs",
    "kind-fastify.mjs",
    "kind-hono.mjs",
    "kind-koa.mjs",
    "kind-script.cjs",
  ])("reset, seed and read the database of %s, and leave it every other request", async (kind) => {
    const url = await start(kind);
    expect(await http1(`${url}/__test__/reset`, post())).toMatchObject({ status: 200 });
    expect(await http1(`${url}/__test__/seed`, post(SEED))).toMatchObject({ status: 201 });
    const count = await http1(`${url}/__test__/table/note/count`);
    expect(JSON.parse(count.body)).toMatchObject({ count: 1 });
    expect(await http1(`${url}/other`)).toEqual({ status: 200, body: "app /other" });
  });

  it.each([
    ["an HTTP/2 server that only knows streams", "kind-http2.mjs", "http"],
    ["an HTTP/2 server with TLS", "kind-http2-secure.mjs", "https"],
  ])("answer %s", async (_, kind, scheme) => {
    const url = (await start(kind)).replace("http:", `${scheme}:`);
    const session = connectHttp2(url, { rejectUnauthorized: false });
    const ask = (path: string, method = "GET", body = "", origin = url): Promise<Answer> =>
      new Promise((resolve, reject) => {
        let status = 0;
        let text = "";
        const stream = session.request(
          { ":path": path, ":method": method, origin },
          { endStream: body === "" },
        );
        stream.on("response", (headers) => (status = headers[":status"] ?? 0));
        stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        stream.once("end", () => resolve({ status, body: text })).once("error", reject);
        if (body !== "") stream.end(body);
      });
    expect(await ask("/__test__/reset", "POST")).toMatchObject({ status: 200 });
    expect(await ask("/__test__/seed", "POST", SEED)).toMatchObject({ status: 201 });
    expect(await ask("/__test__/reset", "POST", "", "https://evil.example")).toMatchObject({
      status: 403,
    });
    expect(await ask("/other")).toEqual({ status: 200, body: "app /other" });
    await new Promise<void>((resolve) => session.close(resolve));
  });

  it.each(["kind-https.mjs", "kind-http2-secure.mjs"])("answer %s over HTTPS", async (kind) => {
    const url = (await start(kind)).replace("http:", "https:");
    const ask = (path: string, method = "GET", body = ""): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const options = { method, rejectUnauthorized: false, agent: false };
        const outgoing = request(url + path, options, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.once("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
        });
        outgoing.once("error", reject).end(body);
      });
    expect(await ask("/__test__/reset", "POST")).toMatchObject({ status: 200 });
    expect(await ask("/__test__/seed", "POST", SEED)).toMatchObject({ status: 201 });
    expect(await ask("/other")).toEqual({ status: 200, body: "app /other" });
  });

  it("want the secret once one is set", async () => {
    const url = await start("kind-factory.mjs", { DAZZLE_TEST_SECRET: "s3cret" });
    expect(await http1(`${url}/__test__/reset`, post())).toMatchObject({ status: 403 });
    const headers = { "x-test-secret": "s3cret" };
    expect(await http1(`${url}/__test__/reset`, { ...post(), headers })).toMatchObject({
      status: 200,
    });
  });
});

describe("many rows and many tables", () => {
  it("are seeded all or not at all, and reset at once", async () => {
    const own = await createDatabase();
    onTestFinished(() => own.drop());
    const session = await connect(own.url);
    const tables = Array.from({ length: 100 }, (_, at) => `t${at}`);
    for (const [at, table] of tables.entries()) {
      // Each refers to the one before it, and the first to the last: no order would do for deletes.
      const before = tables[at - 1];
      const refers = before === undefined ? "" : ` REFERENCES ${before} (id)`;
      await session.query(`CREATE TABLE ${table} (id int PRIMARY KEY, parent int${refers})`);
    }
    await session.query("ALTER TABLE t0 ADD FOREIGN KEY (parent) REFERENCES t99 (id)");
    const url = await start("kind-factory.mjs", { DATABASE_URL: own.url });
    const fixtures = Array.from({ length: 10_000 }, (_, at) => ({
      id: `f${at}`,
      table: `t${at % 100}`,
      data: { id: Math.floor(at / 100) },
    }));
    const refused = [...fixtures, { id: "twice", table: "t50", data: { id: 7 } }];
    const seedWith = (all: readonly object[]) =>
      http1(`${url}/__test__/seed`, post(JSON.stringify({ fixtures: all })));
    const counts = async () => {
      const sums = tables.map((table) => `(SELECT count(*) FROM ${table})`).join(" + ");
      const [row] = await session.query<{ count: string }>(`SELECT ${sums} AS count`);
      return Number(row?.count);
    };
    expect(await seedWith(refused)).toMatchObject({ status: 400 });
    expect(await counts()).toBe(0);
    expect(await seedWith(fixtures)).toMatchObject({ status: 201 });
    expect(await counts()).toBe(10_000);
    // One table can't be emptied: the others keep their rows too.
    await session.query("CREATE SCHEMA elsewhere");
    await session.query("CREATE TABLE elsewhere.kept (t int REFERENCES t70 (id))");
    expect(await http1(`${url}/__test__/reset`, post())).toMatchObject({ status: 500 });
    expect(await counts()).toBe(10_000);
    await session.query("DROP SCHEMA elsewhere CASCADE");
    expect(await http1(`${url}/__test__/reset`, post())).toMatchObject({ status: 200 });
    expect(await counts()).toBe(0);
    await session.end();
  });
});

const DRIVER_GONE = `
  const { createServer } = require("node:http");
  const Module = require("node:module");
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (name, ...others) {
    if (name === "pg") throw new Error("pg was removed from the disk");
    return Reflect.apply(resolve, this, [name, ...others]);
  };
  createServer((request, response) => response.end("app " + request.url)).listen(process.env.PORT);
`;

describe("test endpoints that can't be loaded any more", () => {
  it("say so to each request, and leave the application alone", async () => {
    const port = await freePort();
    const running = launch({
      cwd: project({ "app.cjs": DRIVER_GONE }),
      args: ["serve", "app.cjs", "--no-watch"],
      env: { DATABASE_URL: database.url, PORT: String(port) },
    });
    await running.waitFor("supervisor.ready");
    const url = `http://127.0.0.1:${port}`;
    for (let count = 0; count < 2; count += 1) {
      const refused = await http1(`${url}/__test__/reset`, post());
      expect(refused.status).toBe(500);
      expect(refused.body).toMatch(
        /^{"error":"the test endpoints can't be loaded: .*pg was removed/,
      );
    }
    expect(await http1(`${url}/other`)).toEqual({ status: 200, body: "app /other" });
    expect(running.events()).not.toContain("worker.exit");
  });
});

describe("test endpoints elsewhere", () => {
  it("are there in staging", async () => {
    const url = await start("kind-factory.mjs", { DAZZLE_ENV: "staging", HOST: "127.0.0.1" });
    expect(await http1(`${url}/__test__/snapshot`)).toMatchObject({ status: 200 });
  });

  it("do not exist in production: the application gets the request", async () => {
    const url = await start("kind-factory.mjs", {
      DAZZLE_ENV: "production",
      HOST: "127.0.0.1",
      WEB_CONCURRENCY: "1",
    });
    for (const [path, init] of [
      ["/__test__/reset", post()],
      ["/__test__/snapshot", {}],
      ["/__dazzle__/overlay", {}],
      ["/__dazzle__/overlay.js", {}],
      ["/dazzle/dev/", {}],
    ] as const) {
      expect(await http1(url + path, init)).toEqual({ status: 200, body: `app ${path}` });
    }
  });
});
