/** Runs that end in the middle of a concurrent index build, which waits for a writer of the test's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase } from "../support/database.js";
import { cleanEnvironment, project, PROGRAM } from "../support/supervisor.js";

const SCHEMA = "create table t (id int primary key, a int);";
const REVISION =
  "-- migrate:up transaction:false\nalter table t add b int;\ncreate index concurrently t_b on t (b);\nalter table t add c int;\n";

const TWO_TABLES =
  "-- migrate:up transaction:false\ncreate table once (id int);\ncreate index concurrently t_b on t (a);\ncreate table last (id int);\n";

interface Bench {
  readonly session: Session;
  /** Holds a row of the table until told to commit. */
  readonly writer: Session;
  readonly run: (...args: string[]) => {
    child: ReturnType<typeof spawn>;
    ended: Promise<[number | null, string]>;
  };
}

async function bench(files: Readonly<Record<string, string>>): Promise<Bench> {
  const database = await createDatabase();
  const session = await connect(database.url);
  const writer = await connect(database.url, "test/writer");
  const cwd = project({
    "dazzle.toml": '[project]\nname = "lost"\n[database]\nrevisions = "."\n',
    ...files,
  });
  onTestFinished(async () => {
    await Promise.all([session.end(), writer.end()]);
    await database.drop();
  });
  await session.query(`${SCHEMA}; insert into t values (1, 1)`);
  return {
    session,
    writer,
    run: (...args) => {
      const child = spawn(process.execPath, [PROGRAM, "--log-format", "json", ...args], {
        cwd,
        env: { ...cleanEnvironment(), DATABASE_URL: database.url },
        stdio: ["ignore", "ignore", "pipe"],
      });
      onTestFinished(() => {
        child.kill("SIGKILL");
      });
      const ended = Promise.all([once(child, "close"), text(child.stderr)]).then(
        ([[status], said]): [number | null, string] => [
          typeof status === "number" ? status : null,
          said,
        ],
      );
      return { child, ended };
    },
  };
}

/** The process of the build that waits for the writer. */
async function builder(session: Session): Promise<number> {
  for (;;) {
    const [row] = await session.query<{ pid: number }>(
      "select pid from pg_stat_progress_create_index where phase like 'waiting for writers%' and datname = current_database()",
    );
    if (row !== undefined) return row.pid;
  }
}

const indexes = (session: Session) =>
  session.query(
    "select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = 't'::regclass order by 1",
  );
const whole = (index: string) => [
  { name: index, valid: true },
  { name: "t_pkey", valid: true },
];

test("a run whose lock session is ended stops with 69, and the next one finishes", async () => {
  const { session, writer, run } = await bench({
    "schema.sql": `${SCHEMA} create index t_a on t (a); create table later (id int);`,
  });
  await writer.query("begin; update t set a = 2");
  const first = run("migrate");
  await session.query("select pg_terminate_backend($1)", [await builder(session)]);
  const [status, said] = await first.ended;
  expect(status).toBe(69);
  expect(said).toMatch(
    /supervise: lost the connection to the database: .*, statement 2 of 2: CREATE INDEX CONCURRENTLY "?t_a/,
  );
  expect(said).not.toContain("lock.released");
  await writer.query("commit");
  expect((await run("migrate").ended)[0]).toBe(0);
  expect(await indexes(session)).toEqual(whole("t_a"));
});

test("a revision whose session is ended stops with 69, and says in which line", async () => {
  const { session, writer, run } = await bench({ "schema.sql": SCHEMA, "1_b.sql": TWO_TABLES });
  await writer.query("begin; update t set a = 2");
  const first = run("db", "upgrade");
  await session.query("select pg_terminate_backend($1)", [await builder(session)]);
  const [status, said] = await first.ended;
  expect(status).toBe(69);
  expect(said).toMatch(/supervise: lost the connection .*1_b\.sql:3, statement 2 of 3/);
  await writer.query("commit");
  expect((await run("db", "upgrade").ended)[0]).toBe(0);
  expect(await indexes(session)).toEqual(whole("t_b"));
});

test("a run that is killed in the middle of an index build is finished by the next one", async () => {
  const { session, writer, run } = await bench({
    "schema.sql": `${SCHEMA} create unique index t_a on t (a);`,
  });
  await writer.query("begin; update t set a = 2");
  const { child, ended } = run("migrate");
  await builder(session);
  child.kill("SIGKILL");
  await ended;
  expect(await indexes(session)).toContainEqual({ name: "t_a", valid: false });
  await writer.query("commit");
  expect((await run("migrate").ended)[0]).toBe(0);
  expect(await indexes(session)).toEqual(whole("t_a"));
});

test("a revision without a transaction that is killed in the middle goes on where it was", async () => {
  const { session, writer, run } = await bench({ "schema.sql": SCHEMA, "1_b.sql": TWO_TABLES });
  await writer.query("begin; update t set a = 2");
  const { child, ended } = run("db", "upgrade");
  await builder(session);
  child.kill("SIGKILL");
  await ended;
  await writer.query("commit");
  // The first statement would fail if it ran again.
  expect((await run("db", "upgrade").ended)[0]).toBe(0);
  expect(await indexes(session)).toEqual(whole("t_b"));
  expect(await session.query("select to_regclass('last') is not null as there")).toEqual([
    { there: true },
  ]);
});

test("two upgrades at once: each revision runs once", async () => {
  const { session, run } = await bench({
    "1_b.sql": REVISION,
    "2_d.sql": "-- migrate:up\nalter table t add d int;\n",
  });
  const both = await Promise.all([run("db", "upgrade").ended, run("db", "upgrade").ended]);
  expect(both.map(([status]) => status)).toEqual([0, 0]);
  expect(await session.query("select version from dazzle.revision order by 1")).toEqual([
    { version: "1" },
    { version: "2" },
  ]);
});
