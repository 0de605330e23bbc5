/**
 * Pairs of old and new schemas, each applied for real: the files in migration-cases/. For every pair:
 * the old schema is applied and holds data, old to old is empty, the plan for the new one has the
 * expected operations, what is safe is applied and no row is lost, what is left is exactly the
 * unsafe part, the revision written from it empties the plan or says what a person has to write,
 * and new to new is empty.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { autogenerate, upgrade } from "../../src/migration/commands.js";
import { applyMigration, planMigration, type Plan } from "../../src/migration/migrate.js";
import type { Config } from "../../src/config/config.js";
import { quoteIdentifier } from "../../src/postgres/quote.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { migrationConfig } from "./migration-support/config.js";
import { readCases, type MigrationCase } from "./migration-support/cases.js";

const folder = join(import.meta.dirname, "migration-cases");
const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));

let database: TestDatabase;
let session: Session;
let root: string;

beforeAll(async () => {
  database = await createDatabase();
  session = await connect(database.url);
  root = mkdtempSync(join(tmpdir(), "supervise-cases-"));
});

afterAll(async () => {
  await session.end();
  await database.drop();
  rmSync(root, { recursive: true, force: true });
});

const operations = (
  items: readonly { operation: string; table: string | null; object: string }[],
) =>
  items
    .map(({ operation, table, object }) =>
      [operation, table === null || table === object ? object : `${table}.${object}`].join(" "),
    )
    .filter((name, at, all) => all.indexOf(name) === at)
    .sort();

async function start(item: MigrationCase): Promise<Config> {
  const own = mkdtempSync(join(root, "case-"));
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
async function plan(config: Config): Promise<Plan> {
  await session.query("update dazzle.applied set fingerprint = null");
  return planMigration(session, config);
}

async function apply(config: Config): Promise<void> {
  await applyMigration(session, config, silentLog);
}

async function rows(config: Config): Promise<Record<string, number>> {
  const { namespace } = config.database;
  const tables = await session.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c
     join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r'`,
    [namespace],
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await session.query<{ n: number }>(`select count(*)::int as n from ${name}`);
    counts[name] = row?.n ?? 0;
  }
  return counts;
}

for (const file of files) {
  const cases = readCases(readFileSync(join(folder, file), "utf8"), file);
  describe(file.replace(".sql", "").replaceAll("-", " "), () => {
    test.each(cases)("$name", async (item) => {
      const config = await start(item);
      state(config, item.before);
      await apply(config);
      if (item.extra !== "") await session.query(item.extra);
      if (item.data !== "") await session.query(item.data);
      if (item.extra === "") {
        const same = await plan(config);
        expect([...same.safe, ...same.unsafe], "old to old").toEqual([]);
      }

      state(config, item.after);
      const found = await plan(config);
      expect(operations(found.safe)).toEqual([...item.safe].sort());
      expect(operations(found.unsafe)).toEqual([...item.unsafe].sort());
      for (const { reason } of found.unsafe) expect(reason).not.toBe("");

      const before = await rows(config);
      await apply(config);
      expect(await rows(config)).toMatchObject(before);
      const rest = await plan(config);
      expect(rest.safe, "a second plan").toEqual([]);
      expect(operations(rest.unsafe)).toEqual([...item.unsafe].sort());

      const written = await autogenerate(session, config, item.name, new Date(), silentLog);
      const notes = written.flatMap(({ notes: all }) => all);
      if (item.person) {
        expect(notes.join("\n")).toMatch(/a person has to/);
        return;
      }
      await upgrade(session, "head", { config, log: silentLog });
      await apply(config);
      const end = await plan(config);
      expect([...end.safe, ...end.unsafe], "after the revision").toEqual([]);
    });
  });
}
