/** A new table that is a partition: what has its values goes first, or a person has to choose. */
import { key, type Addition, type Alteration, type Change } from "../changes.js";
import { createTable } from "../create-sql.js";
import { edges } from "../dependencies.js";
import type { Table } from "../model.js";
import { qualified } from "../names.js";
import { alteration } from "./alteration.js";
import { newRoot } from "./bound-parts.js";
import type { InTheWay } from "./new-names.js";
import { andAbove, andBelow, isReferredTo, setAside } from "./referring-rows.js";
import type { Scope } from "./scope.js";
import { behind, by, createWhole, moveRows, shiftOf } from "./shifted-bounds.js";
import { holdersOf } from "./value-holders.js";

type CreateTable = Addition & { readonly kind: "create_table" };

export function newPartition(change: CreateTable, scope: Scope): Change {
  const { table } = change;
  const root = newRoot(table, scope);
  if (root !== table) return below(change, root, scope);
  const shift = shiftOf(table, scope);
  if (shift !== null) return taking(change, shift);
  const known = scope.partitions.get(table.name);
  const needs: string[] = [];
  for (const { target, bound, goes } of holdersOf(table, scope)) {
    if (goes === null) return refused(change, `partition ${target} (${bound})`, target, scope);
    needs.push(goes);
  }
  const waiting = { ...change, needs: [...change.needs, ...needs], scans: known?.scans ?? null };
  return known?.hasRows === true ? withRowsMoved(waiting, known, scope) : waiting;
}

/** Together with the new partition that it is a part of, where that one takes rows. */
function below(change: CreateTable, root: Table, scope: Scope): Change {
  const takes = shiftOf(root, scope) !== null || scope.partitions.get(root.name)?.hasRows === true;
  if (!takes) return change;
  return created(change, "it is created with the partition above it, which takes rows", {
    ...behind(root),
    elsewhere: by([createTable(change.table, scope.namespace)]),
  });
}

/** What others give up. */
const taking = (change: CreateTable, shift: NonNullable<ReturnType<typeof shiftOf>>): Change =>
  created(change, "it takes rows of partitions that give up values", shift);

function created(change: CreateTable, reason: string, parts: Partial<Alteration>): Change {
  const { table } = change;
  const { provides, needs } = edges(change);
  return alteration({
    operation: "unsupported",
    table: table.name,
    object: table.name,
    reason,
    up: [],
    down: null,
    ...parts,
    provides: [...provides, key.parents(table.name)],
    needs: [...needs, ...(parts.needs ?? [])],
  });
}

function refused(change: CreateTable, what: string, target: string, { namespace }: Scope): Change {
  return alteration({
    operation: "unsupported",
    table: change.table.name,
    object: change.table.name,
    reason: `${what} has values of it`,
    up: [],
    down: null,
    note: `a person has to detach or drop ${target}, or choose other bounds in schema.sql; applied by itself afterwards: ${createTable(change.table, namespace)}`,
    provides: edges(change).provides,
  });
}

/** The default partition steps aside, gives the rows, and comes back. */
function withRowsMoved(change: CreateTable, found: InTheWay, scope: Scope): Change {
  const { table } = change;
  const { condition } = found;
  const fallback = found.fallback ?? "";
  const parent = table.partitionOf?.parent ?? "";
  const head = `ALTER TABLE ${qualified(scope.namespace, parent)}`;
  const own = qualified(scope.namespace, table.name);
  const referred = [
    ...andAbove(parent, scope.live),
    ...(found.scans === null ? [] : andBelow(found.scans, scope.live)),
  ];
  return created(
    change,
    `the default partition ${fallback} has rows that belong in it: it cannot be created beside them`,
    {
      ...setAside(referred, scope),
      up: [
        `${head} DETACH PARTITION ${fallback}`,
        ...createWhole(table, scope),
        moveRows(fallback, condition, qualified(scope.namespace, parent), table),
        `${head} ATTACH PARTITION ${fallback} DEFAULT`,
      ],
      down: isReferredTo([table], scope)
        ? null
        : [
            `${head} DETACH PARTITION ${fallback}`,
            `${head} DETACH PARTITION ${own}`,
            moveRows(own, null, fallback, table),
            `DROP TABLE ${own}`,
            `${head} ATTACH PARTITION ${fallback} DEFAULT`,
          ],
      note: "it moves these rows under a lock that stops every query",
    },
  );
}
