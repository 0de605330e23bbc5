/** Creates the rows of a seed request, all in one transaction. */
import type { Pool, PoolClient } from "pg";
import { quoteIdentifier } from "../postgres/quote.js";
import { readTables, type TableShape } from "./catalog.js";
import { checkFixtures, orderFixtures, parseFixtures, type Batch, type Data } from "./fixtures.js";
import { inTransaction } from "./transaction.js";

type Created = Map<string, { table: string; row: Data }>;

interface Scope {
  client: PoolClient;
  namespace: string;
  tables: ReadonlyMap<string, TableShape>;
  created: Created;
}

/** The value that a reference takes: what the foreign key points to, else the primary key. */
function referenceValue(scope: Scope, table: string, column: string, target: string): unknown {
  const found = scope.created.get(target);
  if (found === undefined) return null;
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
      ? `INSERT INTO ${target} AS made DEFAULT VALUES RETURNING to_jsonb(made) AS row`
      : `INSERT INTO ${target} AS made (${list.join(", ")}) ${overriding}
         SELECT ${list.map((name) => `given.${name}`).join(", ")}
         FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS item (value, n),
           LATERAL jsonb_populate_record(NULL::${target}, item.value) AS given
         ORDER BY item.n RETURNING to_jsonb(made) AS row`;
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
    await scope.client.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), greatest(max(${quoteIdentifier(column)}), 1)) FROM ${target}`,
      [target, column],
    );
  }
}

/** All rows or none; the created rows by fixture id. Errors: BadRequest, and PostgreSQL's own. */
export async function seed(
  pool: Pool,
  namespace: string,
  body: unknown,
): Promise<{ created: Readonly<Record<string, Data>> }> {
  const fixtures = parseFixtures(body);
  const batches = orderFixtures(fixtures);
  return inTransaction(pool, async (client) => {
    const tables = await readTables(client, namespace);
    checkFixtures(fixtures, tables);
    const created: Created = new Map();
    for (const batch of batches) await insert({ client, namespace, tables, created }, batch);
    return {
      created: Object.fromEntries(fixtures.map(({ id }) => [id, created.get(id)?.row ?? {}])),
    };
  });
}
