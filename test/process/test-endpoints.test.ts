import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

  it("answer an HTTP/2 server that only knows streams", async () => {
    const session = connectHttp2(await start("kind-http2.mjs"));
    const ask = (path: string, method = "GET", body = ""): Promise<Answer> =>
      new Promise((resolve, reject) => {
        let status = 0;
        let text = "";
        const stream = session.request(
          { ":path": path, ":method": method },
          { endStream: body === "" },
        );
        stream.on("response", (headers) => (status = headers[":status"] ?? 0));
        stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        stream.once("end", () => resolve({ status, body: text })).once("error", reject);
        if (body !== "") stream.end(body);
      });
    expect(await ask("/__test__/reset", "POST")).toMatchObject({ status: 200 });
    expect(await ask("/__test__/seed", "POST", SEED)).toMatchObject({ status: 201 });
    expect(await ask("/other")).toEqual({ status: 200, body: "app /other" });
    await new Promise<void>((resolve) => session.close(resolve));
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
    ] as const) {
      expect(await http1(url + path, init)).toEqual({ status: 200, body: `app ${path}` });
    }
  });
});
