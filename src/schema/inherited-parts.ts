/**
 * Constraints and indexes that partitions and children have from a parent which they are to leave. No
 * model has them otherwise, and where no table leaves, nothing is asked.
 */
import type { Session } from "../postgres/session.js";
import { INHERITED_CONSTRAINTS, INHERITED_INDEXES } from "./catalog.js";
import type { InheritedParts } from "./diff/inherited.js";
import { checksOf, leavingTables } from "./diff/leaving.js";
import type { Model } from "./model.js";
import type { ConstraintRow, IndexRow } from "./rows.js";
import type { Rename } from "./statement.js";
import { toConstraint, toIndex } from "./tables.js";

type OfTable<Row> = Row & { readonly table_name: string };

/** Needs an open transaction in the spelling of introspect.ts. */
export async function readInheritedParts(
  session: Session,
  live: Model,
  desired: Model,
  renames: readonly Rename[],
): Promise<InheritedParts> {
  const leaving = leavingTables(live, desired, renames);
  if (leaving.length === 0) return new Map();
  const names = leaving.map(({ table }) => table.name);
  const [namespace] = await session.query<{ oid: string }>(
    "select oid::text from pg_namespace where nspname = $1",
    [live.namespace],
  );
  const read = <Row extends object>(sql: string) =>
    session.query<OfTable<Row>>(
      `select t.relname as table_name, q.* from (${sql}) q join pg_class t on t.oid = q.table_oid::oid`,
      [namespace?.oid ?? "0", names],
    );
  const constraints = await read<ConstraintRow>(INHERITED_CONSTRAINTS);
  const indexes = await read<IndexRow>(INHERITED_INDEXES);
  const asIs = (text: string): string => text;
  return new Map(
    leaving.map(({ table, stays }) => {
      const own = <Row>(rows: readonly OfTable<Row>[]) =>
        rows.filter(({ table_name: name }) => name === table.name);
      const kept = checksOf(stays, live);
      return [
        table.name,
        {
          constraints: own(constraints)
            .map((row) => toConstraint(row, asIs))
            .filter(({ kind, name }) => kind !== "check" || !kept.has(name)),
          indexes: own(indexes).map((row) => toIndex(row, asIs)),
        },
      ];
    }),
  );
}
