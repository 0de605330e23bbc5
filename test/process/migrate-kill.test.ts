import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import type { Config } from "../../src/config/config.js";
import { applyMigration, planMigration } from "../../src/migration/migrate.js";
import { withLock } from "../../src/migration/open.js";
import type { Session } from "../../src/postgres/session.js";
import { migrationConfig } from "../postgres/migration-support/config.js";
import { connect, createDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { cleanEnvironment, project, PROGRAM } from "../support/supervisor.js";

const TOML = '[project]\nname = "kill"\n';

/** A table that is large enough for a backfill, and one change of every kind of step. */
const BEFORE = "create table p (id int primary key); create table t (id int primary key, a int);";
const FILL = `insert into p select generate_series(1, 12000);
  insert into t select g, g from generate_series(1, 12000) g; analyze t`;
const AFTER = `create type k as enum ('x'); create table p (id int primary key);
  create table t (id int primary key, a int unique check (a > 0) references p, b k default 'x',
    c uuid not null default gen_random_uuid());
  create index t_b on t (b); create table u (id serial primary key, t int references t);
  create index on u (t); comment on table t is 'T';`;

function migrate(cwd: string, url: string) {
  const child = spawn(process.execPath, [PROGRAM, "--log-format", "json", "migrate"], {
    cwd,
    env: { ...cleanEnvironment(), DATABASE_URL: url },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

/** The next run: it waits for the lock, which the server takes from the dead one. */
async function applied(session: Session, config: Config): Promise<void> {
  const { signal } = new AbortController();
  await withLock(session, config, silentLog, signal, () =>
    applyMigration(session, config, silentLog),
  );
}

/** Kills at the nth event of a migration; false when it was done before. */
async function killedAt(nth: number, cwd: string, url: string): Promise<boolean> {
  const child = migrate(cwd, url);
  const closed = once(child, "close");
  let seen = -1;
  let reached = false;
  for await (const line of createInterface({ input: child.stderr })) {
    if (!/"event":"(?:lock\.acquired|migrate\.(?:plan|step|done))"/.test(line)) continue;
    seen += 1;
    if (seen !== nth) continue;
    reached = true;
    child.kill("SIGKILL");
  }
  await closed;
  return reached;
}

test("SIGKILL at any event of an apply leaves what the next run finishes", async () => {
  const database = await createDatabase();
  const session = await connect(database.url);
  const cwd = project({ "dazzle.toml": TOML });
  const config = migrationConfig(cwd);
  const state = (sql: string): void => writeFileSync(join(cwd, "schema.sql"), sql);
  let nth = 0;
  for (let killed = true; killed; nth += 1) {
    await session.query(
      "drop schema if exists dazzle cascade; drop schema public cascade; create schema public",
    );
    state(BEFORE);
    await applied(session, config);
    await session.query(FILL);
    state(AFTER);
    killed = await killedAt(nth, cwd, database.url);
    await applied(session, config);
    await session.query("update dazzle.applied set fingerprint = null");
    const { safe, unsafe } = await planMigration(session, config);
    expect([...safe, ...unsafe], `killed at event ${nth}`).toEqual([]);
    const [row] = await session.query("select count(*)::int as n, count(c)::int as filled from t");
    expect(row).toEqual({ n: 12_000, filled: 12_000 });
  }
  expect(nth).toBeGreaterThan(15);
  await session.end();
  await database.drop();
}, 480_000);
