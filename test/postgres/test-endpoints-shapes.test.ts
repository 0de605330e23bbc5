/** Seeding and emptying of tables that are not as simple as most. */
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createTestEndpoints } from "../../src/test-endpoints/handler.js";
import { createServer } from "node:http";
import { seed } from "../../src/test-endpoints/seed.js";
import { Held, readTable, reset } from "../../src/test-endpoints/tables.js";
import { createDatabase, type TestDatabase } from "../support/database.js";

const SCHEMA = `
CREATE TABLE person (id serial PRIMARY KEY, name text NOT NULL, boss_id int REFERENCES person, team_id int);
CREATE TABLE team (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead_id int NOT NULL REFERENCES person);
ALTER TABLE person ADD FOREIGN KEY (team_id) REFERENCES team;
CREATE TABLE node (id int PRIMARY KEY, next_id int NOT NULL REFERENCES node DEFERRABLE);
CREATE TABLE sample (id int PRIMARY KEY, t int, made text, "value" text, given int);
CREATE TABLE area (id int PRIMARY KEY, w int, h int, size int GENERATED ALWAYS AS (w * h) STORED);
CREATE TABLE pgmigrations (id serial PRIMARY KEY, name text);
`;

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url });
  await pool.query(SCHEMA);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query("TRUNCATE person, team, node, sample, area, pgmigrations RESTART IDENTITY");
});

const sow = (...fixtures: readonly object[]) => seed(pool, "public", { fixtures });
const row = (id: string, table: string, data: object, refs: object = {}) => ({
  id,
  table,
  data,
  refs,
});

it("rows that refer to each other in a circle are created where one reference may be empty", async () => {
  const { created } = await sow(
    row("ann", "person", { name: "Ann" }, { team_id: "red", boss_id: "bob" }),
    row("bob", "person", { name: "Bob" }, { team_id: "red" }),
    row("red", "team", {}, { lead_id: "ann" }),
  );
  expect(created["ann"]).toMatchObject({
    team_id: created["red"]?.["id"],
    boss_id: created["bob"]?.["id"],
  });
  expect(created["bob"]).toMatchObject({ team_id: created["red"]?.["id"] });
  expect(created["red"]).toMatchObject({ lead_id: created["ann"]?.["id"] });
  const people = await readTable(pool, "public", "person");
  expect(people).toContainEqual(created["ann"]);
});

it("a row may refer to itself, with a key of its own or one that the database gives", async () => {
  const { created } = await sow(
    row("top", "person", { name: "Top" }, { boss_id: "top" }),
    row("loop", "node", { id: 7 }, { next_id: "loop" }),
  );
  expect(created["top"]?.["boss_id"]).toBe(created["top"]?.["id"]);
  expect(created["loop"]).toEqual({ id: 7, next_id: 7 });
});

it("a circle of columns that can't be empty is created where its keys are given and deferrable", async () => {
  const { created } = await sow(
    row("a", "node", { id: 1 }, { next_id: "b" }),
    row("b", "node", { id: 2 }, { next_id: "a" }),
  );
  expect(created).toEqual({ a: { id: 1, next_id: 2 }, b: { id: 2, next_id: 1 } });
});

it("columns may have any name", async () => {
  const data = { id: 1, t: 5, made: "here", value: "v", given: 9 };
  expect((await sow(row("one", "sample", data))).created["one"]).toEqual(data);
  expect(await readTable(pool, "public", "sample")).toEqual([data]);
});

it("a given number moves a sequence up, and never down", async () => {
  await sow(row("ann", "person", { id: 41, name: "Ann" }));
  await pool.query("SELECT setval('person_id_seq', 90)");
  await sow(row("bob", "person", { id: 50, name: "Bob" }));
  expect((await sow(row("eve", "person", { name: "Eve" }))).created["eve"]?.["id"]).toBe(91);
  await sow(row("max", "person", { id: 200, name: "Max" }));
  expect((await sow(row("kim", "person", { name: "Kim" }))).created["kim"]?.["id"]).toBe(201);
});

it("emptying leaves alone what other migration tools note", async () => {
  await pool.query("INSERT INTO pgmigrations (name) VALUES ('1_first')");
  await sow(row("ann", "person", { name: "Ann" }));
  expect((await reset(pool, "public")).tables).not.toContain("pgmigrations");
  expect(await readTable(pool, "public", "pgmigrations")).toHaveLength(1);
  expect(await readTable(pool, "public", "person")).toEqual([]);
});

it("emptying waits for a request that ends, and gives way to one that does not", async () => {
  const busy = await pool.connect();
  await busy.query("BEGIN; INSERT INTO sample (id) VALUES (1)");
  await expect(reset(pool, "public")).rejects.toBeInstanceOf(Held);
  const waiting = reset(pool, "public");
  await busy.query("COMMIT");
  busy.release();
  expect((await waiting).tables).toContain("sample");
  expect(await readTable(pool, "public", "sample")).toEqual([]);
});

it.each([
  ["POST", "snapshot", "", 405],
  ["GET", "reset", "", 405],
  ["DELETE", "table/person", "", 405],
  ["GET", "nothing", "", 404],
  ["GET", "table/nobody", "", 404],
  ["POST", "seed", "{", 400],
  ["POST", "seed", '{"fixtures":[{"id":"a","table":"area","data":{"id":1,"size":3}}]}', 400],
])("%s %s with the body '%s' is answered with %i in JSON", async (method, path, body, status) => {
  const endpoints = createTestEndpoints({
    pool,
    namespace: "public",
    secret: null,
    anyName: false,
    host: "127.0.0.1",
  });
  const server = createServer((request, response) => void endpoints(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    const init = body === "" ? { method } : { method, body };
    const reply = await fetch(`http://127.0.0.1:${port}/__test__/${path}`, init);
    expect(reply.status).toBe(status);
    expect(await reply.json()).toHaveProperty("error", expect.stringMatching(/./));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
