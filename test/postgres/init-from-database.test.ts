import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.js";
import { schemaFromDatabase } from "../../src/init/from-database.js";
import { initProject } from "../../src/init/init.js";
import { planMigration } from "../../src/migration/migrate.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";

let database: TestDatabase;
let root: string;
beforeEach(async () => {
  database = await createDatabase();
  root = mkdtempSync(join(tmpdir(), "from-database-"));
});
afterEach(async () => {
  rmSync(root, { recursive: true });
  await database.drop();
});

const EVERYTHING = `
  CREATE EXTENSION citext;
  CREATE TYPE status AS ENUM ('open', 'in ''progress''', 'done');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE SEQUENCE ticket START WITH 100 INCREMENT BY 5;
  CREATE TABLE "Person" (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email citext NOT NULL UNIQUE,
    "first name" text DEFAULT 'it''s',
    born date CHECK (born > '1900-01-01')
  );
  CREATE TABLE task (
    id serial PRIMARY KEY,
    owner bigint NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    parent int REFERENCES task (id),
    state status NOT NULL DEFAULT 'open',
    size positive,
    number bigint DEFAULT nextval('ticket'),
    tags text[] NOT NULL DEFAULT '{}',
    price numeric(10,2) NOT NULL DEFAULT 0,
    doubled numeric GENERATED ALWAYS AS (price * 2) STORED,
    made timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tidy CHECK (length(array_to_string(tags, ',')) < 1000)
  );
  CREATE INDEX task_open ON task (made DESC NULLS LAST) WHERE state <> 'done';
  CREATE UNIQUE INDEX task_lower ON task (lower(tags[1])) INCLUDE (price);
  CREATE TABLE event (at timestamptz NOT NULL, what text) PARTITION BY RANGE (at);
  CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  INSERT INTO event VALUES ('2026-02-02', 'x');
  ALTER TABLE event_2026 ADD CONSTRAINT short CHECK (length(what) > 1) NOT VALID;
  ALTER TABLE task ADD CONSTRAINT cheap CHECK (price < 100) NOT VALID;
  ALTER TABLE task ADD CONSTRAINT numbered FOREIGN KEY (size) REFERENCES task (id) NOT VALID;
  COMMENT ON TABLE task IS 'what is to be done; soon';
  COMMENT ON COLUMN task.state IS 'where it stands';
  CREATE TABLE pgmigrations (id serial PRIMARY KEY, name text);
  CREATE VIEW open_task AS SELECT * FROM task WHERE state = 'open';
`;

it("writes a schema.sql from which the plan for that database is empty", async () => {
  const session = await connect(database.url);
  try {
    await session.query(EVERYTHING);
    const schema = await schemaFromDatabase(database.url, "public");
    writeFileSync(join(root, "server.js"), "");
    initProject(root, { force: false, schema });
    expect(readFileSync(join(root, "schema.sql"), "utf8")).toBe(schema);
    expect(schema).toContain("--   view open_task");
    expect(schema).not.toContain("pgmigrations");
    const env = { DATABASE_URL: database.url };
    const { config } = await loadConfig({ cwd: root, env, flags: {} });
    const plan = await planMigration(session, config);
    expect({ safe: plan.safe, unsafe: plan.unsafe }).toEqual({ safe: [], unsafe: [] });
  } finally {
    await session.end();
  }
});

const BEYOND = `
  CREATE SCHEMA other;
  CREATE TABLE other.ref (id int PRIMARY KEY);
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'select x * 2';
  CREATE TYPE span AS RANGE (subtype = float8);
  CREATE TABLE plain (id int PRIMARY KEY, note text);
  CREATE TRIGGER touched BEFORE UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE TABLE computed (id int PRIMARY KEY, d int GENERATED ALWAYS AS (twice(id)) STORED);
  CREATE TABLE refers (computed int REFERENCES computed (id));
  CREATE TABLE outward (id int REFERENCES other.ref (id));
  CREATE TABLE ranged (spans span[]);
  CREATE TABLE heir (extra text) INHERITS (plain);
  CREATE TABLE split (id int) PARTITION BY RANGE (id);
  CREATE TABLE split_1 PARTITION OF split (CHECK (twice(id) > 0)) FOR VALUES FROM (1) TO (9);
`;

it("leaves out the tables that are built on what schema.sql can't hold, and says why", async () => {
  const session = await connect(database.url);
  try {
    await session.query(BEYOND);
    const schema = await schemaFromDatabase(database.url, "public");
    for (const line of [
      "range type span",
      "table computed (function twice(integer))",
      "table heir (inherits from plain)",
      "table outward (table other.ref)",
      "table ranged (type span[])",
      "table refers (table computed)",
      "table split (table split_1)",
      "trigger touched on plain",
    ]) {
      expect(schema.replaceAll("public.", "")).toContain(`--   ${line}\n`);
    }
    expect(schema.match(/CREATE TABLE \S+/g)).toEqual(["CREATE TABLE public.plain"]);
    writeFileSync(join(root, "schema.sql"), schema);
    writeFileSync(join(root, "server.js"), "");
    const env = { DATABASE_URL: database.url };
    const { config } = await loadConfig({ cwd: root, env, flags: {} });
    const plan = await planMigration(session, config);
    expect({ safe: plan.safe, unsafe: plan.unsafe }).toEqual({ safe: [], unsafe: [] });
  } finally {
    await session.end();
  }
});

it("names rules and statistics, which schema.sql can't hold either", async () => {
  const session = await connect(database.url);
  await session.query(`CREATE TABLE place (city text, zip text);
    CREATE STATISTICS place_city (dependencies) ON city, zip FROM place;
    CREATE RULE kept AS ON DELETE TO place DO INSTEAD NOTHING;`);
  await session.end();
  const schema = await schemaFromDatabase(database.url, "public");
  expect(schema).toContain("--   rule kept on public.place\n");
  expect(schema).toContain("--   statistics place_city on public.place\n");
});

it("names grants, default privileges and row security", async () => {
  const session = await connect(database.url);
  await session.query(`CREATE TABLE place (id int PRIMARY KEY, zip text); CREATE TABLE town (id int);
    GRANT SELECT ON place TO public; GRANT INSERT ON town TO pg_monitor;
    GRANT SELECT (zip) ON place TO pg_monitor;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO pg_monitor;
    ALTER TABLE place ENABLE ROW LEVEL SECURITY;`);
  await session.end();
  const schema = (await schemaFromDatabase(database.url, "public")).replaceAll("public.", "");
  expect(schema).toContain("--   grants to public (on place)\n");
  expect(schema).toContain("--   grants to pg_monitor (on place, town)\n");
  expect(schema).toMatch(/^-- {3}default privileges of \S+ for new tables$/m);
  expect(schema).toContain("--   row security of place\n");
});

it("creates the same schema in an empty database", async () => {
  const source = await connect(database.url);
  const copy = await createDatabase();
  try {
    await source.query(EVERYTHING);
    const schema = await schemaFromDatabase(database.url, "public");
    const session = await connect(copy.url);
    await session.query(schema);
    await session.end();
    expect(withoutViews(await schemaFromDatabase(copy.url, "public"))).toBe(withoutViews(schema));
  } finally {
    await source.end();
    await copy.drop();
  }
});

const withoutViews = (text: string): string => text.replace(/^-- Also[^\n]*\n(--[^\n]*\n)*\n/m, "");
