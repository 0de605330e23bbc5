/**
 * Pairs of old and new schemas, each applied for real: the files in migration-cases/. For every pair:
 * the old schema is applied and holds data, old to old is empty, the plan for the new one has the
 * expected operations, what is safe is applied with no lock and no rewriting but those that the plan
 * states and no row is lost, what is left is exactly the
 * unsafe part, the revision written from it loses no row of a table that stays and empties the plan or
 * says what a person has to write,
 * new to new is empty, and what has a way back can go it and come again.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, inject, test, type TestContext } from "vitest";
import type { Config } from "../../../src/config/config.js";
import { autogenerate, downgrade, upgrade } from "../../../src/migration/commands.js";
import { applyMigration, planMigration, type Plan } from "../../../src/migration/migrate.js";
import { quoteIdentifier } from "../../../src/postgres/quote.js";
import type { Session } from "../../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../../support/database.js";
import { silentLog } from "../../support/log.js";
import { readCases, type MigrationCase } from "./cases.js";
import { migrationConfig } from "./config.js";
import { before, compared, watched, type Transaction } from "./measure.js";

/** Cases that run beside each other, each on a database of its own. */
const BESIDE = 4;

interface Bench {
  readonly database: TestDatabase;
  readonly session: Session;
}

async function openBench(): Promise<Bench> {
  const database = await createDatabase();
  return { database, session: await connect(database.url) };
}

/** A test for each case in `migration-cases/NAME.sql`. */
export function testCases(...names: readonly string[]): void {
  const benches: Bench[] = [];
  const free: Bench[] = [];
  const waiting: ((bench: Bench) => void)[] = [];
  let root = "";

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "supervise-cases-"));
    for (let index = 0; index < BESIDE; index += 1) benches.push(await openBench());
    free.push(...benches);
  });

  afterAll(async () => {
    for (const { session, database } of benches) {
      await session.end();
      await database.drop();
    }
    rmSync(root, { recursive: true, force: true });
  });

  const take = (): Promise<Bench> | Bench =>
    free.pop() ?? new Promise((resolve) => waiting.push(resolve));
  const giveBack = (bench: Bench): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(bench);
    else next(bench);
  };

  for (const name of names) {
    const file = join(import.meta.dirname, "../migration-cases", `${name}.sql`);
    const cases = readCases(readFileSync(file, "utf8"), file, inject("serverMajor"));
    describe(name.replaceAll("-", " "), () => {
      test.concurrent.for(cases)("$name", async (item, { expect }) => {
        const bench = await take();
        try {
          const own = mkdtempSync(join(root, "case-"));
          await check(bench.session, own, item, expect);
        } finally {
          giveBack(bench);
        }
      });
    });
  }
}

const operations = (
  items: readonly { operation: string; table: string | null; object: string }[],
) =>
  items
    .map(({ operation, table, object }) =>
      [operation, table === null || table === object ? object : `${table}.${object}`].join(" "),
    )
    .filter((name, at, all) => all.indexOf(name) === at)
    .sort();

async function start(session: Session, own: string, item: MigrationCase): Promise<Config> {
  await session.query(
    `drop schema if exists dazzle cascade; drop schema if exists ${quoteIdentifier(item.namespace)} cascade;
     create schema ${quoteIdentifier(item.namespace)}; set search_path = ${quoteIdentifier(item.namespace)}, public`,
  );
  return migrationConfig(own, { namespace: item.namespace });
}

function state(config: Config, sql: string): void {
  writeFileSync(join(config.root, "schema.sql"), sql);
}

/** The plan worked out for real, not the one that was left by the last apply. */
async function plan(session: Session, config: Config): Promise<Plan> {
  await session.query("update dazzle.applied set fingerprint = null");
  return planMigration(session, config);
}

/** The same, and the schema files read by the server anew, at another time than before. */
async function planAnew(session: Session, config: Config): Promise<Plan> {
  const kept = await session.query<{ id: string; desired: string }>(
    "select id::text, desired from dazzle.applied where desired is not null",
  );
  await session.query("update dazzle.applied set desired = null");
  const found = await plan(session, config);
  for (const { id, desired } of kept) {
    await session.query("update dazzle.applied set desired = $2 where id = $1", [id, desired]);
  }
  return found;
}

const hasNoWayBack = (config: Config, file: string): boolean =>
  readFileSync(join(config.root, file), "utf8").includes("-- no way back");

async function rows(session: Session, config: Config): Promise<Record<string, number>> {
  const { namespace } = config.database;
  const tables = await session.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c
     join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r'`,
    [namespace],
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await session.query<{ n: number }>(`select count(*)::int as n from only ${name}`);
    counts[name] = row?.n ?? 0;
  }
  return counts;
}

async function total(session: Session, config: Config): Promise<number> {
  return Object.values(await rows(session, config)).reduce((sum, n) => sum + n, 0);
}

/** Without the estimated rows and bytes, which the server's statistics tell a moment later. */
const unestimated = (plan: Plan) => ({
  ...plan,
  safe: plan.safe.map((step) => ({ ...step, work: null })),
  unsafe: plan.unsafe.map(({ work, ...change }) => ({ ...change, does: work?.does })),
});

async function check(
  session: Session,
  own: string,
  item: MigrationCase,
  expect: TestContext["expect"],
): Promise<void> {
  const config = await start(session, own, item);
  const apply = () => applyMigration(session, config, silentLog);
  const applyAsPlanned = async ({ safe }: Plan): Promise<void> => {
    const into: Transaction[] = [];
    const known = await before(session, item.namespace);
    await applyMigration(watched(session, item.namespace, known, into), config, silentLog);
    for (const { stated, seen } of compared(into, safe)) expect(stated).toEqual(seen);
  };
  state(config, item.before);
  await apply();
  if (item.extra !== "") await session.query(item.extra);
  if (item.data !== "") await session.query(item.data);
  state(config, item.after);
  const remembering = await planMigration(session, config);
  state(config, item.before);
  if (item.extra === "") {
    const same = await planAnew(session, config);
    expect([...same.safe, ...same.unsafe], "old to old").toEqual([]);
  }

  state(config, item.after);
  const found = await plan(session, config);
  expect(operations(found.safe)).toEqual([...item.safe].sort());
  expect(operations(found.unsafe)).toEqual([...item.unsafe].sort());
  for (const { reason } of found.unsafe) expect(reason).not.toBe("");
  expect(unestimated(remembering), "with the catalog as it was left").toEqual(unestimated(found));

  const held = await rows(session, config);
  await applyAsPlanned(found);
  expect(await rows(session, config)).toMatchObject(held);
  const rest = await planAnew(session, config);
  expect(rest.safe, "a second plan").toEqual([]);
  expect(operations(rest.unsafe)).toEqual([...item.unsafe].sort());

  const written = await autogenerate(session, config, item.name, new Date(), silentLog);
  const notes = written.flatMap(({ notes: all }) => all);
  if (item.person) {
    expect(notes.join("\n")).toMatch(/a person has to/);
    return;
  }
  expect(written.length, "one file for all of it").toBeLessThanOrEqual(1);
  const options = { config, log: silentLog };
  const all = await total(session, config);
  await upgrade(session, "head", options);
  const drops = found.unsafe.some(({ operation }) => operation === "drop_table");
  if (!drops) expect(await total(session, config), "rows after the revision").toBe(all);
  await applyAsPlanned(await plan(session, config));
  const end = await planAnew(session, config);
  expect([...end.safe, ...end.unsafe], "after the revision").toEqual([]);
  if (written.length === 0 || written.some(({ file }) => hasNoWayBack(config, file))) return;
  await downgrade(session, "base", options);
  if (!drops) expect(await total(session, config), "rows after the way back").toBe(all);
  await upgrade(session, "head", options);
  await apply();
  const again = await plan(session, config);
  expect([...again.safe, ...again.unsafe], "down and up again").toEqual([]);
}
