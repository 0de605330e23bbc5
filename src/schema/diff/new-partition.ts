/** A new table that is a partition: what has its values goes first, or a person has to choose. */
import { key, type Addition, type Change } from "../changes.js";
import { createTable } from "../create-sql.js";
import { edges } from "../dependencies.js";
import type { Table } from "../model.js";
import { id, qualified } from "../names.js";
import { alteration } from "./alteration.js";
import { keyTypes, overlap } from "./bounds.js";
import type { InTheWay } from "./new-names.js";
import { byName, type Scope } from "./scope.js";

type CreateTable = Addition & { readonly kind: "create_table" };

export function newPartition(change: CreateTable, scope: Scope): Change {
  const { table } = change;
  const known = scope.partitions.get(table.name);
  const needs: string[] = [];
  for (const { target, bound, table: name } of known?.holders ?? holdersIn(table, scope)) {
    const goes = name === null ? null : freedBy(name, scope);
    if (goes === null) return refused(change, `partition ${target} (${bound})`, target, scope);
    needs.push(goes);
  }
  const waiting = { ...change, needs: [...change.needs, ...needs], scans: known?.scans ?? null };
  return known?.hasRows === true ? withRowsMoved(waiting, known, scope) : waiting;
}

/** Where the server was not asked: the parent is there under another name. */
function holdersIn({ partitionOf }: Table, { live, namespace }: Scope): InTheWay["holders"] {
  if (partitionOf === null) return [];
  const parent = live.tables.find(({ name }) => name === partitionOf.parent);
  const types = parent === undefined ? [] : keyTypes(parent);
  return live.tables.flatMap(({ name, partitionOf: other }) =>
    other?.parent === partitionOf.parent && overlap(other.bound, partitionOf.bound, types) === true
      ? [{ target: qualified(namespace, name), bound: other.bound, table: name }]
      : [],
  );
}

/** What gives up the values by this plan; null when nothing does. */
function freedBy(name: string, { live, desired, owned }: Scope): string | null {
  const kept = byName(desired.tables).get(name);
  if (kept === undefined) return owned.tables.has(name) ? key.goneTable(name) : null;
  const before = byName(live.tables).get(name)?.partitionOf;
  const stays =
    kept.partitionOf?.parent === before?.parent && kept.partitionOf?.bound === before?.bound;
  return stays ? null : key.parents(name);
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
  const { fallback, condition } = found;
  const parent = qualified(scope.namespace, table.partitionOf?.parent ?? "");
  const columns = table.columns
    .filter(({ generated }) => generated === null)
    .map(({ name }) => id(name))
    .join(", ");
  const { provides, needs } = edges(change);
  return alteration({
    operation: "unsupported",
    table: table.name,
    object: table.name,
    reason: `the default partition ${fallback ?? ""} has rows that belong in it: it cannot be created beside them`,
    up: [
      `ALTER TABLE ${parent} DETACH PARTITION ${fallback ?? ""}`,
      createTable(table, scope.namespace),
      `WITH moved AS (DELETE FROM ${fallback ?? ""} WHERE ${condition ?? "true"} RETURNING ${columns}) INSERT INTO ${parent} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM moved`,
      `ALTER TABLE ${parent} ATTACH PARTITION ${fallback ?? ""} DEFAULT`,
    ],
    down: null,
    note: "it moves these rows under a lock that stops every query; rows that others refer to have to be moved by hand",
    provides,
    needs,
  });
}
