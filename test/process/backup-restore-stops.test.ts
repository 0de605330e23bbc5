/** Restores that are ended at a chosen moment: killed, asked to stop, cut off from the database. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Session } from "../../src/postgres/session.js";
import { leftovers, rowsOf, run, treeDigest, writeFiles } from "../support/backup.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { startHoldingProxy, type HoldingProxy, type Stop } from "../support/holding-proxy.js";
import { listProcesses } from "../support/processes.js";
import { launch, project, type Running } from "../support/supervisor.js";

const SCHEMA = [
  "create table item (id serial primary key, text text)",
  "create table line (id serial primary key, item int references item (id))",
];
const FULL = [{ items: 500, lines: 500, at: 500 }];
const BEFORE = [{ items: 1, lines: 0, at: 1 }];

let target: TestDatabase;
let cwd: string;
let uploads: string;
let proxy: HoldingProxy;
let old: Record<string, string>;
let restored: Record<string, string>;

beforeAll(async () => {
  target = await createDatabase();
  await run(target.url, ...SCHEMA);
});
afterAll(() => target.drop());

beforeEach(async () => {
  cwd = project({ "dazzle.toml": `[project]\nname = "tasks"\n` });
  uploads = join(cwd, "uploads");
  await run(
    target.url,
    "truncate item, line restart identity",
    "insert into item (text) select md5(g::text) from generate_series(1, 500) g",
    "insert into line (item) select id from item",
  );
  writeFiles(uploads, { "a.bin": randomBytes(100_000), "b/c.txt": "c" });
  await supervise(target.url, "create", "--output", "b.tar.gz").exited;
  restored = treeDigest(uploads);
  await run(target.url, "truncate item, line restart identity", "insert into item default values");
  writeFiles(uploads, { "a.bin": "old", "only-old.txt": "old" });
  old = treeDigest(uploads);
  proxy = await startHoldingProxy(target.url);
});
afterEach(() => proxy.close());

function supervise(url: string, ...args: readonly string[]): Running {
  return launch({ cwd, args: ["backup", ...args], env: { DATABASE_URL: url } });
}

const restoring = (url = proxy.url): Running =>
  supervise(url, "restore", "--from", "b.tar.gz", "--force", "--yes");

async function untilTidy(): Promise<void> {
  while (leftovers(cwd).length > 0) await new Promise((resolve) => setImmediate(resolve));
}

const rows = (): Promise<unknown> =>
  rowsOf(
    target.url,
    `select (select count(*) from item)::int as items, (select count(*) from line)::int as lines,
       (select last_value from item_id_seq)::int as at`,
  );

/** Both as before, or both as in the backup. */
async function expectState(wanted: "before" | "restored"): Promise<void> {
  expect(await rows()).toEqual(wanted === "before" ? BEFORE : FULL);
  expect(treeDigest(uploads)).toEqual(wanted === "before" ? old : restored);
  expect(leftovers(cwd)).toEqual([]);
}

/** A restore that has come to this point and does not go on. */
async function stoppedAt(stop: Stop): Promise<Running> {
  const reached = proxy.hold(stop);
  const running = restoring();
  await Promise.race([
    reached,
    running.exited.then((exit) => {
      throw new Error(`it ended with ${JSON.stringify(exit)}: ${running.stderr()}`);
    }),
  ]);
  return running;
}

const MOMENTS: readonly [string, Stop, "before" | "restored"][] = [
  ["verified the archive", { statement: /pg_is_in_recovery/, when: "before" }, "before"],
  ["locked the tables", { statement: /^lock table/, when: "after" }, "before"],
  ["emptied the tables", { statement: /^truncate/, when: "after" }, "before"],
  ["begun to load rows", { statement: /^copy .* from stdin/, when: "after" }, "before"],
  ["loaded all rows", { statement: /^alter sequence/, when: "before" }, "before"],
  ["checked the foreign keys", { statement: /add constraint/, when: "after" }, "before"],
  ["swapped the uploads, before the commit", { statement: /^commit/, when: "before" }, "before"],
  ["committed, before it knows", { statement: /^commit/, when: "after" }, "restored"],
];

describe("a restore that is killed when it has", () => {
  test.each(MOMENTS)("%s leaves both sides of one state", async (_, stop, state) => {
    const running = await stoppedAt(stop);
    if (stop.statement.source === "^commit") expect(treeDigest(uploads)).toEqual(restored);
    running.child.kill("SIGKILL");
    await running.exited;
    await untilTidy();
    await expectState(state);
    const again = restoring(target.url);
    expect((await again.exited).code).toBe(0);
    await expectState("restored");
  });
});

describe.each([
  ["SIGTERM", MOMENTS.filter((_, at) => at % 2 === 0)],
  ["SIGINT", MOMENTS.slice(3, 4)],
] as const)("a restore that gets a %s when it has", (signal, moments) => {
  test.each(moments)("%s ends with one state and says which", async (name, stop, state) => {
    const running = await stoppedAt(stop);
    running.child.kill(signal);
    proxy.release();
    const committing = name.includes("commit");
    expect((await running.exited).code).toBe(committing ? 0 : 130);
    await expectState(committing ? "restored" : state);
  });
});

describe("a restore whose connection is cut when it has", () => {
  test.each(MOMENTS)("%s finds out what the server did", async (_, stop, state) => {
    const running = await stoppedAt(stop);
    proxy.cut();
    expect((await running.exited).code).toBe(state === "restored" ? 0 : 69);
    if (state === "before") {
      expect(running.stderr()).toMatch(
        /connection was lost.*database and the uploads are as before/,
      );
    }
    await expectState(state);
  });
});

test("a restore that is cut off before it has begun ends with 69", async () => {
  const running = await stoppedAt({ statement: /pg_try_advisory_lock/, when: "before" });
  proxy.cut();
  expect((await running.exited).code).toBe(69);
  expect(running.stderr()).toMatch(/supervise: lost the connection/);
  await expectState("before");
});

/** Has `body` run within the COMMIT, behind everything that the restore does. */
async function atCommit(body: string): Promise<void> {
  await run(
    target.url,
    "drop schema if exists held cascade",
    "create schema held",
    "create table held.mark (id int)",
    `create function held.act() returns trigger language plpgsql as $$ begin ${body}; return null; end $$`,
    `create constraint trigger act after insert on held.mark deferrable initially deferred
       for each row execute function held.act()`,
    `create function held.note() returns event_trigger language plpgsql as $$ begin
       if (select count(*) from public.item) < 2 then return; end if;
       set constraints held.act deferred;
       insert into held.mark values (1);
     end $$`,
    `create event trigger note on ddl_command_end when tag in ('ALTER TABLE')
       execute function held.note()`,
  );
}

describe("a COMMIT", () => {
  afterEach(() => run(target.url, "drop schema held cascade"));

  const BUSY = `select 1 as busy from pg_stat_activity where datname = current_database()
    and application_name = 'tasks/restore' and query = 'commit' and wait_event_type = 'Lock'`;

  /** A restore whose COMMIT waits in the server, until the session that is returned ends. */
  async function waiting(): Promise<{ running: Running; holder: Session }> {
    await atCommit("perform pg_advisory_xact_lock_shared(4242)");
    const holder = await connect(target.url);
    await holder.query("select pg_advisory_lock(4242)");
    const running = restoring(target.url);
    while ((await rowsOf(target.url, BUSY)).length === 0);
    expect(treeDigest(uploads)).toEqual(restored);
    return { running, holder };
  }

  test("that a deferred constraint refuses leaves both as before, and the message says so", async () => {
    await atCommit("raise exception 'not today' using errcode = '23514'");
    const running = restoring(target.url);
    expect((await running.exited).code).toBe(65);
    expect(running.stderr()).toMatch(/not today.*database and the uploads are as before/);
    await expectState("before");
  });

  test("that waits in the server while the restore is killed is rolled back, with the uploads", async () => {
    const { running, holder } = await waiting();
    running.child.kill("SIGKILL");
    await untilTidy();
    await holder.end();
    await expectState("before");
  });

  test("that waits while the connection is ended by an administrator is rolled back, with the uploads", async () => {
    const { running, holder } = await waiting();
    await holder.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'tasks/restore'`,
    );
    expect((await running.exited).code).toBe(69);
    expect(running.stderr()).toMatch(/database and the uploads are as before/);
    await holder.end();
    await expectState("before");
  });

  test("that a TERM comes too late for is waited for", async () => {
    const { running, holder } = await waiting();
    running.child.kill("SIGTERM");
    await holder.end();
    expect((await running.exited).code).toBe(0);
    await expectState("restored");
  });
});

describe("where the guardian was killed as well, as when a machine goes down,", () => {
  const swapped: Stop = { statement: /^commit/, when: "before" };
  const committed: Stop = { statement: /^commit/, when: "after" };

  async function killedWithGuardian(stop: Stop): Promise<void> {
    const running = await stoppedAt(stop);
    const guardians = listProcesses().filter(({ ppid }) => ppid === running.pid);
    expect(guardians).toHaveLength(1);
    for (const { pid } of guardians) process.kill(pid, "SIGKILL");
    running.child.kill("SIGKILL");
    await running.exited;
    expect(leftovers(cwd)).toHaveLength(1);
    expect(treeDigest(uploads)).toEqual(restored);
  }

  test("the next backup puts the old uploads back before it reads them", async () => {
    await killedWithGuardian(swapped);
    expect((await supervise(target.url, "create", "--output", "c.tar.gz").exited).code).toBe(0);
    await expectState("before");
    const again = supervise(target.url, "restore", "--from", "c.tar.gz", "--force", "--yes");
    expect((await again.exited).code).toBe(0);
    await expectState("before");
  });

  test("the next backup keeps the new uploads when the rows are in", async () => {
    await killedWithGuardian(committed);
    expect((await supervise(target.url, "create", "--output", "c.tar.gz").exited).code).toBe(0);
    await expectState("restored");
  });

  test("the next restore settles it first, and one that is refused leaves it settled", async () => {
    await killedWithGuardian(swapped);
    const refused = supervise(target.url, "restore", "--from", "b.tar.gz");
    expect((await refused.exited).code).toBe(65);
    await expectState("before");
  });

  test("the application does not start with uploads that do not belong to its rows", async () => {
    await killedWithGuardian(swapped);
    writeFiles(cwd, { "app.js": "export default () => (_, response) => response.end('ok');" });
    const args = ["--no-migrate", "--no-watch", "--port", "0"];
    const serving = launch({ cwd, args, env: { DATABASE_URL: target.url } });
    await serving.waitFor("supervisor.ready");
    await expectState("before");
    await serving.end();
  });
});
