/** What a restore would replace: tables with rows, and large objects with the backup's oids. */
import { quoteLiteral, quoteQualified } from "../../postgres/quote.js";
import type { Session } from "../../postgres/session.js";
import type { Table } from "./inventory.js";

const BATCH = 200;

async function withRows(session: Session, tables: readonly Table[]): Promise<string[]> {
  const parts = tables.map(({ oid, schema, name, extension }) => {
    const from = `${quoteQualified(schema, name)} ${extension?.condition ?? ""}`;
    return `select ${quoteLiteral(oid)} as oid where exists (select from only ${from})`;
  });
  const rows = await session.query<{ oid: string }>(parts.join(" union all "));
  return rows.map((row) => row.oid);
}

/**
 * The tables that hold rows. Where row level security hides rows from this role, a table counts as
 * holding some when its file is not empty.
 */
export async function occupiedTables(session: Session, tables: readonly Table[]): Promise<Table[]> {
  const hidden = tables.filter((table) => table.filtered && table.bytes > 0);
  const visible = tables.filter((table) => !table.filtered);
  const found = new Set(hidden.map((table) => table.oid));
  for (let at = 0; at < visible.length; at += BATCH) {
    for (const oid of await withRows(session, visible.slice(at, at + BATCH))) found.add(oid);
  }
  return tables.filter((table) => found.has(table.oid));
}
