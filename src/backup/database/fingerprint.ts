/** One hash over the shape of what a backup covers: equal shapes, equal hashes, on any server. */
import { createHash } from "node:crypto";
import type { Session } from "../../postgres/session.js";
import type { Inventory } from "./inventory.js";

const CONSTRAINTS = `
  select n.nspname || '.' || c.relname as relation, k.conname as name,
    pg_catalog.pg_get_constraintdef(k.oid) as definition
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where k.conrelid = any ($1::pg_catalog.oid[]) and k.contype in ('c','f','p','u','x')
  order by (n.nspname || '.' || c.relname) collate "C", k.conname collate "C"`;

const ENUMS = `
  select n.nspname || '.' || t.typname as name,
    pg_catalog.array_agg(e.enumlabel::text order by e.enumsortorder) as labels
  from pg_catalog.pg_enum e
  join pg_catalog.pg_type t on t.oid = e.enumtypid
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  where n.nspname = $1 group by n.nspname, t.typname order by t.typname collate "C"`;

/** `sha256:HEX`. Expects the empty search path that `readInventory` sets. */
export async function schemaFingerprint(session: Session, inventory: Inventory): Promise<string> {
  const oids = inventory.tables.map((table) => table.oid);
  const shape = {
    tables: inventory.tables.map(({ schema, name, columns }) => ({ schema, name, columns })),
    constraints: await session.query(CONSTRAINTS, [oids]),
    enums: await session.query(ENUMS, [inventory.namespace]),
    sequences: inventory.sequences.map(({ schema, name }) => `${schema}.${name}`),
  };
  return `sha256:${createHash("sha256").update(JSON.stringify(shape)).digest("hex")}`;
}
