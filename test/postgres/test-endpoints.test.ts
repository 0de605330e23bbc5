import { createServer, request, type Server } from "node:http";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestEndpoints } from "../../src/test-endpoints/handler.js";
import { createDatabase } from "../support/database.js";

const SCHEMA = `
CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE TABLE author (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE book (
  id serial PRIMARY KEY, author_id bigint NOT NULL REFERENCES author, mood mood NOT NULL DEFAULT 'calm',
  tags text[] NOT NULL DEFAULT '{}', title text NOT NULL, "Odd ""Name" int);
CREATE TABLE part (book_id int REFERENCES book, n int, PRIMARY KEY (book_id, n));
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.kept (id int);
INSERT INTO elsewhere.kept VALUES (1);
`;

let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: pg.Pool;
const servers: Server[] = [];

beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url });
  await pool.query(SCHEMA);
});

afterAll(async () => {
  for (const server of servers) server.close();
  await pool.end();
  await database.drop();
});

async function serve(secret: string | null): Promise<number> {
  const endpoints = createTestEndpoints({
    pool,
    namespace: "public",
    secret,
    anyName: false,
    host: "127.0.0.1",
  });
  const server = createServer((incoming, response) => {
    if (!endpoints(incoming, response)) response.end("the application");
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

interface Reply {
  status: number;
  body: unknown;
}

async function send(
  port: number,
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { port, host: "127.0.0.1", agent: false, method, path, headers: options.headers ?? {} },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("end", () => {
          const json = response.headers["content-type"]?.startsWith("application/json") === true;
          const body: unknown = json ? JSON.parse(text) : text;
          resolve({ status: response.statusCode ?? 0, body });
        });
      },
    );
    outgoing.once("error", reject);
    outgoing.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

const seedOf = (fixtures: unknown): { body: unknown } => ({ body: { fixtures } });

describe("test endpoints", () => {
  let port: number;
  beforeAll(async () => {
    port = await serve(null);
  });
  beforeEach(async () => {
    await send(port, "POST", "/__test__/reset");
  });

  it("seeds rows that refer to each other, in whatever order they are listed", async () => {
    const reply = await send(
      port,
      "POST",
      "/__test__/seed",
      seedOf([
        {
          id: "b",
          table: "book",
          data: { title: "Kim", tags: ["a", "b"], mood: "wild" },
          refs: { author_id: "a" },
        },
        { id: "p", table: "part", data: { n: 1 }, refs: { book_id: "b" } },
        { id: "a", table: "author", data: { name: "Rudyard" } },
      ]),
    );
    expect(reply).toEqual({
      status: 201,
      body: {
        created: {
          a: { id: 1, name: "Rudyard" },
          b: {
            id: 1,
            author_id: 1,
            mood: "wild",
            tags: ["a", "b"],
            title: "Kim",
            'Odd "Name': null,
          },
          p: { book_id: 1, n: 1 },
        },
      },
    });
  });

  it.each([
    ["a table that is not there", [{ id: "x", table: "nope", data: {} }], "no table 'nope'"],
    [
      "a column that is not there",
      [{ id: "x", table: "author", data: { nam: "A" } }],
      "no column 'nam'",
    ],
    [
      "a reference to nothing",
      [{ id: "x", table: "book", data: {}, refs: { author_id: "y" } }],
      "'y'",
    ],
    [
      "a duplicate id",
      [
        { id: "x", table: "author" },
        { id: "x", table: "author" },
      ],
      "twice",
    ],
    [
      "a circle",
      [
        { id: "x", table: "book", data: {}, refs: { author_id: "y" } },
        { id: "y", table: "author", data: {}, refs: { id: "x" } },
      ],
      "circle",
    ],
    [
      "a value that PostgreSQL refuses",
      [{ id: "x", table: "author", data: { name: null } }],
      "null",
    ],
  ])("refuses %s and creates nothing", async (_, fixtures, word) => {
    const reply = await send(
      port,
      "POST",
      "/__test__/seed",
      seedOf([{ id: "first", table: "author", data: { name: "First" } }, ...fixtures]),
    );
    expect(reply.status).toBe(400);
    expect(JSON.stringify(reply.body)).toContain(word);
    expect((await send(port, "GET", "/__test__/table/author/count")).body).toEqual({ count: 0 });
  });

  it("continues a sequence behind the values that were given", async () => {
    await send(
      port,
      "POST",
      "/__test__/seed",
      seedOf([{ id: "x", table: "author", data: { id: 41, name: "A" } }]),
    );
    const reply = await send(
      port,
      "POST",
      "/__test__/seed",
      seedOf([{ id: "y", table: "author", data: { name: "B" } }]),
    );
    expect(reply.body).toEqual({ created: { y: { id: 42, name: "B" } } });
  });

  it("seeds ten thousand rows and hands each row to its fixture", async () => {
    const fixtures = Array.from({ length: 10_000 }, (_, n) => ({
      id: `f${n}`,
      table: "author",
      data: { name: `author ${n}` },
    }));
    const { status, body } = await send(port, "POST", "/__test__/seed", seedOf(fixtures));
    expect(status).toBe(201);
    expect(body).toMatchObject({
      created: { f0: { name: "author 0" }, f9999: { id: 10_000, name: "author 9999" } },
    });
  });

  it("reads and counts tables, and takes a snapshot", async () => {
    await send(
      port,
      "POST",
      "/__test__/seed",
      seedOf([
        { id: "x", table: "author", data: { name: "A" } },
        { id: "y", table: "author", data: { name: "B" } },
      ]),
    );
    const rows = [
      { id: 1, name: "A" },
      { id: 2, name: "B" },
    ];
    expect((await send(port, "GET", "/__test__/table/author")).body).toEqual(rows);
    expect((await send(port, "GET", "/__test__/table/author/count")).body).toEqual({ count: 2 });
    expect((await send(port, "GET", "/__test__/snapshot")).body).toEqual({
      tables: { author: rows, book: [], part: [] },
    });
    expect((await send(port, "DELETE", "/__test__/table/author/1")).status).toBe(200);
    expect((await send(port, "GET", "/__test__/table/author")).body).toEqual([rows[1]]);
    expect((await send(port, "DELETE", "/__test__/table/author/1")).status).toBe(404);
    expect((await send(port, "DELETE", "/__test__/table/part/1")).status).toBe(400);
  });

  it("empties the application's tables only", async () => {
    await send(
      port,
      "POST",
      "/__test__/seed",
      seedOf([{ id: "x", table: "author", data: { name: "A" } }]),
    );
    expect((await send(port, "POST", "/__test__/reset")).body).toEqual({
      tables: ["author", "book", "part"],
    });
    expect((await send(port, "GET", "/__test__/table/author/count")).body).toEqual({ count: 0 });
    expect((await pool.query("SELECT * FROM elsewhere.kept")).rows).toHaveLength(1);
  });

  it("leave every other path to the application, and answer 404 to unknown ones of their own", async () => {
    expect(await send(port, "GET", "/__test__x")).toEqual({ status: 200, body: "the application" });
    expect((await send(port, "GET", "/__test__/nothing")).status).toBe(404);
    expect((await send(port, "GET", "/__test__/reset")).status).toBe(405);
    expect((await send(port, "GET", "/__test__/table/%zz")).status).toBe(400);
  });

  it("refuse a page of another site", async () => {
    const headers = { origin: "http://evil.example" };
    expect((await send(port, "POST", "/__test__/reset", { headers })).status).toBe(403);
    const image = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    expect((await send(port, "GET", "/__test__/snapshot", { headers: image })).status).toBe(403);
  });

  it.each([
    ["evil.example", 403],
    ["evil.example:8000", 403],
    ["127.0.0.1.evil.example", 403],
    ["localhost", 200],
    ["shop.localhost:8000", 200],
    ["web:8000", 200],
    ["host.docker.internal", 200],
    ["[::1]:8000", 200],
    ["192.168.7.7:8000", 200],
  ])("answer %s as the name of this machine with %i", async (host, status) => {
    expect((await send(port, "GET", "/__test__/snapshot", { headers: { host } })).status).toBe(
      status,
    );
  });

  it("are reached by any name with the secret", async () => {
    const guarded = await serve("s3cret");
    const headers = { host: "tests.example.com", "x-test-secret": "s3cret" };
    expect((await send(guarded, "GET", "/__test__/snapshot", { headers })).status).toBe(200);
  });

  it("ask for the secret when one is set", async () => {
    const guarded = await serve("s3cret");
    expect((await send(guarded, "POST", "/__test__/reset")).status).toBe(403);
    const wrong = { "x-test-secret": "guess" };
    expect((await send(guarded, "POST", "/__test__/reset", { headers: wrong })).status).toBe(403);
    const right = { "x-test-secret": "s3cret" };
    expect((await send(guarded, "POST", "/__test__/reset", { headers: right })).status).toBe(200);
  });
});
