/** Creates the rows of a seed request, all in one transaction. */
import type { Pool, PoolClient } from "pg";
import { quoteIdentifier } from "../postgres/quote.js";
import { readTables, type TableShape } from "./catalog.js";
import {
  BadRequest,
  checkFixtures,
  knownValue,
  orderFixtures,
  parseFixtures,
  type Batch,
  type Data,
  type Fixture,
  type Postponed,
} from "./fixtures.js";
import { inTransaction } from "./transaction.js";

type Created = Map<string, { table: string; row: Data }>;

interface Scope {
  client: PoolClient;
  namespace: string;
  tables: ReadonlyMap<string, TableShape>;
  created: Created;
  fixtures: ReadonlyMap<string, Fixture>;
}

/** The value that a reference takes: what the foreign key points to, else the primary key. */
function referenceValue(scope: Scope, table: string, column: string, target: string): unknown {
  const found = scope.created.get(target);
  if (found === undefined) {
    return knownValue(scope.fixtures.get(target), table, column, scope.tables) ?? null;
  }
  const pointsTo = scope.tables.get(table)?.references.get(column);
  const key = pointsTo ?? scope.tables.get(found.table)?.key[0];
  return key === undefined ? null : found.row[key];
}

async function insert(scope: Scope, { table, columns, fixtures }: Batch): Promise<void> {
  const target = `${quoteIdentifier(scope.namespace)}.${quoteIdentifier(table)}`;
  const list = columns.map(quoteIdentifier);
  const shape = scope.tables.get(table);
  const records = fixtures.map((fixture) => ({
    ...fixture.data,
    ...Object.fromEntries(
      Object.entries(fixture.refs).map(([column, id]) => [
        column,
        referenceValue(scope, table, column, id),
      ]),
    ),
  }));
  const overriding = columns.some((column) => shape?.alwaysIdentity.has(column) === true)
    ? "OVERRIDING SYSTEM VALUE"
    : "";
  // ORDER BY keeps the rows, their sequence values and what RETURNING says in the request's order.
  const sql =
    columns.length === 0
      ? `INSERT INTO ${target} AS made DEFAULT VALUES RETURNING to_jsonb(made.*) AS row`
      : `INSERT INTO ${target} AS made (${list.join(", ")}) ${overriding}
         SELECT ${list.map((name) => `given.${name}`).join(", ")}
         FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS item (value, n),
           LATERAL jsonb_populate_record(NULL::${target}, item.value) AS given
         ORDER BY item.n RETURNING to_jsonb(made.*) AS row`;
  const rows: { row: Data }[] = [];
  if (columns.length > 0) {
    rows.push(...(await scope.client.query<{ row: Data }>(sql, [JSON.stringify(records)])).rows);
  } else {
    for (let made = 0; made < fixtures.length; made += 1)
      rows.push(...(await scope.client.query<{ row: Data }>(sql)).rows);
  }
  fixtures.forEach((fixture, at) => {
    scope.created.set(fixture.id, { table, row: rows[at]?.row ?? {} });
  });
  for (const column of columns.filter((name) => shape?.sequences.has(name) === true)) {
    await raiseSequence(scope.client, target, column);
  }
}

/** Never lowered: a request that runs meanwhile may have taken numbers that nobody sees yet. */
async function raiseSequence(client: PoolClient, target: string, column: string): Promise<void> {
  const { rows } = await client.query<{ name: string | null }>(
    "SELECT pg_get_serial_sequence($1, $2) AS name",
    [target, column],
  );
  const name = rows[0]?.name ?? null;
  if (name === null) return;
  await client.query(
    `SELECT setval($1, highest) FROM (SELECT max(${quoteIdentifier(column)}) AS highest FROM ${target}) AS given, ${name} AS sequence
     WHERE highest > sequence.last_value OR (highest = sequence.last_value AND NOT sequence.is_called)`,
    [name],
  );
}

/** Sets the references that had to be left out of the row at first. */
async function complete(scope: Scope, { fixture, column, target }: Postponed): Promise<void> {
  const { id, table } = fixture;
  const made = scope.created.get(id);
  const key = scope.tables.get(table)?.key ?? [];
  if (made === undefined || key.length === 0) {
    throw new BadRequest(`fixture '${id}' is in a circle, and table '${table}' has no primary key`);
  }
  const place = `${quoteIdentifier(scope.namespace)}.${quoteIdentifier(table)}`;
  // As the row was read: other types are spelled otherwise in JSON than as text.
  const where = key
    .map((name, at) => `to_jsonb(${quoteIdentifier(name)}) = $${at + 2}::jsonb`)
    .join(" AND ");
  const { rows } = await scope.client.query<{ row: Data }>(
    `UPDATE ${place} AS made SET ${quoteIdentifier(column)} = $1 WHERE ${where} RETURNING to_jsonb(made.*) AS row`,
    [
      referenceValue(scope, table, column, target),
      ...key.map((name) => JSON.stringify(made.row[name])),
    ],
  );
  const row = rows[0]?.row;
  if (row === undefined || rows.length > 1) {
    throw new BadRequest(`fixture '${id}' is in a circle, and its key does not find its row again`);
  }
  scope.created.set(id, { table, row });
}

/** All rows or none; the created rows by fixture id. Errors: BadRequest, and PostgreSQL's own. */
export async function seed(
  pool: Pool,
  namespace: string,
  body: unknown,
): Promise<{ created: Readonly<Record<string, Data>> }> {
  const fixtures = parseFixtures(body);
  return inTransaction(pool, async (client) => {
    const tables = await readTables(client, namespace);
    checkFixtures(fixtures, tables);
    const created: Created = new Map();
    const { batches, postponed } = orderFixtures(fixtures, tables);
    const byId = new Map(fixtures.map((fixture) => [fixture.id, fixture]));
    const scope = { client, namespace, tables, created, fixtures: byId };
    // Keys that can be deferred are judged when all rows are there.
    await client.query("SET CONSTRAINTS ALL DEFERRED");
    for (const batch of batches) await insert(scope, batch);
    for (const reference of postponed) await complete(scope, reference);
    return {
      created: Object.fromEntries(fixtures.map(({ id }) => [id, created.get(id)?.row ?? {}])),
    };
  });
}
