/**
 * The lock, the rewriting and the reading that a plan states of an unsafe change are what the server
 * takes and does: each statement of a revision runs in a transaction of its own here, and is looked at
 * before that ends. Safe steps are looked at where the same pairs are applied (run-cases.ts).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { applyMigration } from "../../src/migration/migrate.js";
import type { Weighed } from "../../src/migration/costs.js";
import { readState } from "../../src/migration/record.js";
import { readSchemaFiles } from "../../src/migration/schema-files.js";
import { workOut } from "../../src/migration/working-plan.js";
import { quoteIdentifier } from "../../src/postgres/quote.js";
import type { Session } from "../../src/postgres/session.js";
import { strongest } from "../../src/schema/steps.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { readCases, type MigrationCase } from "./migration-support/cases.js";
import { migrationConfig } from "./migration-support/config.js";
import { before, seen, type Seen } from "./migration-support/measure.js";

const FILES = [
  "columns",
  "constraints",
  "indexes",
  "moves",
  "neighbours",
  "partitions",
  "tables",
  "types",
];

let database: TestDatabase;
let session: Session;
let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "supervise-footprints-"));
  database = await createDatabase();
  session = await connect(database.url);
});

afterAll(async () => {
  await session.end();
  await database.drop();
  rmSync(root, { recursive: true, force: true });
});

for (const name of FILES) {
  const file = join(import.meta.dirname, "migration-cases", `${name}.sql`);
  const cases = readCases(readFileSync(file, "utf8"), file, inject("serverMajor")).filter(
    ({ person, unsafe }) => unsafe.length > 0 && !person,
  );
  describe(name, () => {
    test.for(cases)("$name", (item) => check(item));
  });
}

async function check(item: MigrationCase): Promise<void> {
  const { namespace } = item;
  const quoted = quoteIdentifier(namespace);
  await session.query(
    `drop schema if exists dazzle cascade; drop schema if exists ${quoted} cascade;
     create schema ${quoted}; set search_path = ${quoted}, public`,
  );
  const config = migrationConfig(mkdtempSync(join(root, "case-")), { namespace });
  const state = (sql: string) => writeFileSync(join(config.root, "schema.sql"), sql);
  state(item.before);
  await applyMigration(session, config, silentLog);
  if (item.extra !== "") await session.query(item.extra);
  if (item.data !== "") await session.query(item.data);
  state(item.after);
  await applyMigration(session, config, silentLog);
  const files = readSchemaFiles(config) ?? [];
  const { last } = await readState(session, namespace);
  const { unsafe } = await workOut(session, { config, files, last, log: silentLog });
  const measured = await runUnsafe(unsafe, namespace);
  for (const change of unsafe) {
    const found = measured.get(change);
    if (found === undefined || change.elsewhere !== null) continue;
    const { lock, rewrites, work } = change.cost;
    const stated = { lock, rewrites, scans: work !== null };
    expect({ change: nameOf(change), ...stated }).toEqual({ change: nameOf(change), ...found });
  }
}

const nameOf = ({ operation, table, object }: Weighed): string =>
  `${operation} ${table ?? ""} ${object}`;

const NOTHING: Seen = { lock: "NONE", rewrites: false, scans: false };

/** In the order of a revision, each statement in a transaction of its own. */
async function runUnsafe(
  changes: readonly Weighed[],
  namespace: string,
): Promise<Map<Weighed, Seen>> {
  const totals = new Map<Weighed, Seen>();
  const known = await before(session, namespace);
  const done = new Map<string, Awaited<ReturnType<typeof seen>>>();
  const run = async (change: Weighed, statements: readonly string[]): Promise<void> => {
    for (const sql of statements) {
      const found = done.get(sql) ?? (await runOne(sql));
      done.set(sql, found);
      const total = totals.get(change) ?? NOTHING;
      totals.set(change, {
        lock: strongest([total.lock, found.lock]),
        rewrites: total.rewrites || found.rewrites,
        scans: total.scans || found.scans,
      });
    }
  };
  const runOne = async (sql: string) => {
    if (/ CONCURRENTLY /.test(sql)) {
      await session.query(sql);
      // Nobody can look from inside: it ends its own transactions.
      return {
        lock: "SHARE UPDATE EXCLUSIVE",
        rewrites: false,
        scans: / INDEX CONCURRENTLY /.test(sql) && sql.startsWith("CREATE"),
      } as const;
    }
    // A table of one row is searched without its index, which tells nothing of a large one.
    const search = sql.startsWith("SELECT ") ? "set local enable_seqscan = off" : "";
    await session.query(`begin; ${search}`);
    const now = await before(session, namespace);
    try {
      await session.query(sql);
      return await seen(session, namespace, known, now);
    } finally {
      await session.query("commit");
    }
  };
  const behind = changes.findIndex(({ operation }) => operation !== "rename_table");
  const renames = changes.slice(0, behind < 0 ? changes.length : behind);
  const rest = changes.slice(renames.length);
  for (const change of renames) await run(change, change.up);
  for (const change of changes) await run(change, change.first);
  for (const change of rest) if (change.transactional) await run(change, change.up);
  for (const change of changes) if (!change.transactional) await run(change, change.up);
  // A revision has these in front where nothing of what runs alone concerns them.
  for (const change of changes) await run(change, change.last);
  return totals;
}
