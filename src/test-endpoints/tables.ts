/** Emptying, reading and deleting for tests. */
import type { Pool, PoolClient } from "pg";
import { quoteIdentifier } from "../postgres/quote.js";
import { readTables, type TableShape } from "./catalog.js";
import { BadRequest, type Data } from "./fixtures.js";
import { inTransaction } from "./transaction.js";

/**
 * How long emptying queues for the tables at a time: below PostgreSQL's `deadlock_timeout` of a second, so
 * that it gives way before one of the application's requests is made to.
 */
const LOCK_TIMEOUT_MS = 400;
/** How often it tries: about five seconds, then a test's forgotten transaction holds a table. */
const TRIES = 12;
/** lock_not_available and deadlock_detected. */
const IN_THE_WAY: ReadonlySet<unknown> = new Set(["55P03", "40P01"]);

/** Where migration tools note what has run: emptied, they would run it all again. */
const HISTORIES: ReadonlySet<string> = new Set([
  "pgmigrations",
  "schema_migrations",
  "_prisma_migrations",
  "__drizzle_migrations",
  "knex_migrations",
  "knex_migrations_lock",
  "SequelizeMeta",
  "typeorm_metadata",
]);

/** A name that is no table of the namespace. */
export class NoSuchThing extends Error {}

const qualified = (namespace: string, table: string): string =>
  `${quoteIdentifier(namespace)}.${quoteIdentifier(table)}`;

async function tableNamed(pool: Pool, namespace: string, name: string): Promise<TableShape> {
  const shape = (await readTables(pool, namespace)).get(name);
  if (shape === undefined) throw new NoSuchThing(`there is no table '${name}'`);
  return shape;
}

/** Rows in the order of their key, so that two reads of one state are equal. */
async function rowsOf(pool: Pool, namespace: string, shape: TableShape): Promise<Data[]> {
  const order =
    shape.key.length === 0 ? "" : `ORDER BY ${shape.key.map(quoteIdentifier).join(", ")}`;
  const { rows } = await pool.query<{ row: Data }>(
    `SELECT to_jsonb(t.*) AS row FROM ${qualified(namespace, shape.name)} AS t ${order}`,
  );
  return rows.map(({ row }) => row);
}

/** Something holds a table for longer than emptying waits. */
export class Held extends Error {}

/** Empties every table of the namespace and restarts its sequences, in one transaction; the schema stays. */
export async function reset(pool: Pool, namespace: string): Promise<{ tables: string[] }> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await inTransaction(pool, (client) => empty(client, namespace));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && IN_THE_WAY.has(error.code))) throw error;
      if (tries === TRIES)
        throw new Held(`a table is held by another transaction: ${error.message}`);
    }
  }
}

async function empty(client: PoolClient, namespace: string): Promise<{ tables: string[] }> {
  const names = [...(await readTables(client, namespace)).keys()];
  const tables = names.filter((name) => !HISTORIES.has(name));
  if (tables.length > 0) {
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    const list = tables.map((table) => qualified(namespace, table)).join(", ");
    await client.query(`TRUNCATE ${list} RESTART IDENTITY`);
  }
  return { tables };
}

export async function snapshot(
  pool: Pool,
  namespace: string,
): Promise<{ tables: Readonly<Record<string, Data[]>> }> {
  const entries: [string, Data[]][] = [];
  for (const shape of (await readTables(pool, namespace)).values()) {
    entries.push([shape.name, await rowsOf(pool, namespace, shape)]);
  }
  return { tables: Object.fromEntries(entries) };
}

export async function readTable(pool: Pool, namespace: string, name: string): Promise<Data[]> {
  return rowsOf(pool, namespace, await tableNamed(pool, namespace, name));
}

export async function countRows(
  pool: Pool,
  namespace: string,
  name: string,
): Promise<{ count: number }> {
  const { name: table } = await tableNamed(pool, namespace, name);
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::float8 AS count FROM ${qualified(namespace, table)}`,
  );
  return { count: rows[0]?.count ?? 0 };
}

/** Deletes the row whose primary key, as text, is `id`. */
export async function deleteRow(
  pool: Pool,
  namespace: string,
  name: string,
  id: string,
): Promise<{ deleted: Data }> {
  const shape = await tableNamed(pool, namespace, name);
  const [key, ...more] = shape.key;
  if (key === undefined || more.length > 0) {
    throw new BadRequest(`table '${name}' has no primary key of one column`);
  }
  const { rows } = await pool.query<{ row: Data }>(
    `DELETE FROM ${qualified(namespace, name)} AS t WHERE ${quoteIdentifier(key)}::text = $1
     RETURNING to_jsonb(t.*) AS row`,
    [id],
  );
  const row = rows[0]?.row;
  if (row === undefined) throw new NoSuchThing(`table '${name}' has no row with ${key} = ${id}`);
  return { deleted: row };
}
