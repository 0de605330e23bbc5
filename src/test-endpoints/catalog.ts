/** The application's tables, as far as seeding and emptying them needs to know. */
import type { Pool, PoolClient } from "pg";

export interface TableShape {
  name: string;
  columns: ReadonlySet<string>;
  /** Columns that a row may leave empty. */
  nullable: ReadonlySet<string>;
  /** Primary key columns, in order. */
  key: readonly string[];
  /** Columns `GENERATED ALWAYS AS IDENTITY`: given values need OVERRIDING SYSTEM VALUE. */
  alwaysIdentity: ReadonlySet<string>;
  /** Columns whose values come from a sequence of their own. */
  sequences: ReadonlySet<string>;
  /** For each column with a foreign key of one column: the column that it refers to. */
  references: ReadonlyMap<string, string>;
}

interface Row {
  name: string;
  columns: string[];
  nullable: string[];
  key: string[];
  always_identity: string[];
  sequences: string[];
  refs: Record<string, string>;
}

// Partitions are reached through their parent; an extension's tables are not the application's.
const TABLES = `
SELECT c.relname AS name,
  (SELECT coalesce(array_agg(attname::text ORDER BY attnum), '{}') FROM pg_attribute a
    WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
  (SELECT coalesce(array_agg(attname::text), '{}') FROM pg_attribute a
    WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND NOT attnotnull) AS nullable,
  (SELECT coalesce(array_agg(a.attname::text ORDER BY k.n), '{}') FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
    WHERE i.indrelid = c.oid AND i.indisprimary) AS key,
  (SELECT coalesce(array_agg(attname::text), '{}') FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attidentity = 'a' AND NOT attisdropped) AS always_identity,
  (SELECT coalesce(array_agg(DISTINCT a.attname::text), '{}') FROM pg_depend d
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.refobjid = c.oid AND d.deptype IN ('a', 'i')) AS sequences,
  (SELECT coalesce(json_object_agg(own.attname, other.attname), '{}') FROM pg_constraint f
    JOIN pg_attribute own ON own.attrelid = c.oid AND own.attnum = f.conkey[1]
    JOIN pg_attribute other ON other.attrelid = f.confrelid AND other.attnum = f.confkey[1]
    WHERE f.conrelid = c.oid AND f.contype = 'f' AND cardinality(f.conkey) = 1) AS refs
FROM pg_class c
WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass
    AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY c.relname`;

/** Every table of the namespace by name. Read anew each time: the schema may have changed. */
export async function readTables(
  client: Pool | PoolClient,
  namespace: string,
): Promise<ReadonlyMap<string, TableShape>> {
  const { rows } = await client.query<Row>(TABLES, [namespace]);
  return new Map(
    rows.map((row) => [
      row.name,
      {
        name: row.name,
        columns: new Set(row.columns),
        nullable: new Set(row.nullable),
        key: row.key,
        alwaysIdentity: new Set(row.always_identity),
        sequences: new Set(row.sequences),
        references: new Map(Object.entries(row.refs)),
      },
    ]),
  );
}
