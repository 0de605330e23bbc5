/**
 * Lets the server do a change of type on an empty table of its own, and looks at which files it
 * exchanges: types, version, extensions and settings (the time zone) decide together whether every
 * row is written anew. Nothing of it stays, and no live table is named.
 */
import { randomBytes } from "node:crypto";
import type { Session } from "../postgres/session.js";
import type { Retyped, Retyping } from "../schema/changes.js";
import { createIndex, inlineConstraint } from "../schema/create-sql.js";
import { id, literal } from "../schema/names.js";

/** Null where the server refuses it: the type is yet to be made. Needs an open transaction; leaves it as it was. */
export async function tryOut(session: Session, cast: Retyping): Promise<Retyped | null> {
  await session.query("savepoint dazzle_retype");
  try {
    return await exchange(session, cast);
  } catch (error) {
    if (session.lost.aborted) throw error;
    return null;
  } finally {
    if (!session.lost.aborted) await session.query("rollback to savepoint dazzle_retype");
  }
}

async function exchange(session: Session, cast: Retyping): Promise<Retyped> {
  const { table, column, clause, keeps, creates } = cast;
  const name = `dazzle_retype_${randomBytes(8).toString("hex")}`;
  const target = `pg_temp.${name}`;
  const kept = new Set(keeps);
  const indexes = table.indexes.filter((item) => kept.has(item.name));
  const constraints = table.constraints.filter((item) => kept.has(item.name));
  const keys = constraints.filter(({ kind }) => kind !== "foreign" && kind !== "check");
  const columns = new Set([column, ...[...indexes, ...keys].flatMap((item) => item.columns)]);
  // The zone of the session that will run it, not the one in which models are spelled.
  await session.query("set local timezone to default");
  if (creates !== null) await session.query(creates);
  await session.query(
    `create table ${target} (${table.columns
      .filter((item) => columns.has(item.name))
      .map(({ name: own, type, collation }) =>
        [id(own), type, ...(collation === null ? [] : [`collate ${collation}`])].join(" "),
      )
      .join(", ")})`,
  );
  for (const index of indexes) await attempt(session, createIndex(index, target));
  for (const item of keys) {
    await attempt(session, `alter table ${target} add ${inlineConstraint(item)}`);
  }
  const before = await files(session, target);
  await session.query(`alter table ${target} alter column ${id(column)} ${clause}`);
  const after = await files(session, target);
  const changed = [...before].filter(([of, file]) => after.get(of) !== file).map(([of]) => of);
  const rewrites = changed.includes(name);
  return {
    rewrites,
    fits: !rewrites || (await takesAll(session, cast)),
    rebuilds: rewrites ? [] : changed.sort(),
    tests: rewrites
      ? []
      : constraints.flatMap((item) => (item.kind === "check" && item.validated ? item.name : [])),
  };
}

/** A cast that the server does by itself never fails; one to a length of its own may. */
async function takesAll(session: Session, cast: Retyping): Promise<boolean> {
  const { from, to } = elementsOf(cast);
  if (to.includes("(")) return false;
  const [row] = await session.query(
    `select from pg_catalog.pg_cast where castcontext = 'i'
       and castsource = ${literal(from)}::regtype and casttarget = ${literal(to)}::regtype`,
  );
  return row !== undefined;
}

/** Arrays are cast element by element. */
export function elementsOf({ from, to }: Pick<Retyping, "from" | "to">): {
  readonly from: string;
  readonly to: string;
} {
  const both = from.endsWith("[]") && to.endsWith("[]");
  return both ? { from: from.slice(0, -2), to: to.slice(0, -2) } : { from, to };
}

/** By relation: the table's own and those of its indexes. */
async function files(session: Session, table: string): Promise<Map<string, string>> {
  const rows = await session.query<{ name: string; file: string }>(
    `select c.relname as name, pg_catalog.pg_relation_filenode(c.oid)::text as file
     from pg_catalog.pg_class c where c.oid = ${literal(table)}::regclass or c.oid in (
       select indexrelid from pg_catalog.pg_index where indrelid = ${literal(table)}::regclass)`,
  );
  return new Map(rows.map(({ name, file }) => [name, file]));
}

/** An index that cannot be made here says nothing of the table. */
async function attempt(session: Session, sql: string): Promise<void> {
  await session.query("savepoint dazzle_index");
  try {
    await session.query(sql);
  } catch (error) {
    if (session.lost.aborted) throw error;
    await session.query("rollback to savepoint dazzle_index");
  }
  await session.query("release savepoint dazzle_index");
}
