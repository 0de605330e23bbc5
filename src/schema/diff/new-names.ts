/**
 * The names that a plan may take. Tables, indexes, sequences and composite types share one space of
 * names; types share another, in which each table, sequence and view has its row type too. The
 * constraints of a table share one of their own, with its constraint triggers.
 */
import type { Model, Table } from "../model.js";
import { isUnchanged } from "./unchanged.js";

export interface NameHolder {
  /** In the server's words: `view public.task`. */
  readonly what: string;
  /** Of an index, its table. */
  readonly indexOf: string | null;
  /** Of a partition's part of an index, that of the uppermost table. */
  readonly partOf: string | null;
}

/** By name; constraints by `table.name`. */
export interface NameHolders {
  readonly relations: ReadonlyMap<string, NameHolder>;
  readonly types: ReadonlyMap<string, NameHolder>;
  readonly constraints: ReadonlyMap<string, NameHolder>;
  readonly partitions: PartitionHolders;
  readonly bounds: BoundConditions;
}

/** What rows of a partition meet before and after its bound changes; null where that is not told. */
export type BoundConditions = ReadonlyMap<
  string,
  { readonly from: string | null; readonly to: string | null }
>;

/** A partition that is there. */
interface Holder {
  /** Spelled for SQL, with its schema. */
  readonly target: string;
  readonly bound: string;
  /** Its name where it is a table of the namespace. */
  readonly table: string | null;
}

/** What a new partition meets. */
export interface InTheWay {
  /** Partitions that have values of it. */
  readonly holders: readonly Holder[];
  /** The default partition, which the server searches for rows of the new one. */
  readonly fallback: string | null;
  /** Its name where it is a table of the namespace. */
  readonly scans: string | null;
  /** It has such rows. */
  readonly hasRows: boolean;
  /** What they meet. */
  readonly condition: string | null;
}

/** By new partition. */
export type PartitionHolders = ReadonlyMap<string, InTheWay>;

export const NO_HOLDERS: NameHolders = {
  relations: new Map(),
  types: new Map(),
  constraints: new Map(),
  partitions: new Map(),
  bounds: new Map(),
};

/** Indexes of a table, those of its constraints too. */
export const namesIn = (table: Table): Set<string> =>
  new Set([
    ...table.indexes.map((index) => index.name),
    ...table.constraints.flatMap(({ kind, name }) =>
      kind === "foreign" || kind === "check" ? [] : [name],
    ),
  ]);

export const relationNames = (model: Model): Set<string> =>
  new Set([
    ...model.tables.flatMap((table) => [table.name, ...namesIn(table)]),
    ...model.sequences.map(({ name }) => name),
  ]);

interface OfTable {
  readonly table: string;
  readonly name: string;
}

interface NewNames {
  readonly relations: readonly string[];
  readonly types: readonly string[];
  /** Of constraints on tables that are there. */
  readonly constraints: readonly OfTable[];
}

/** Names of `desired` that are in `live` not, or not as the same kind of thing. */
export function newNames(live: Model, desired: Model): NewNames {
  const constraints: OfTable[] = [];
  const relations: string[] = [];
  const types: string[] = [];
  const fresh = (
    before: readonly { readonly name: string }[],
    after: readonly { readonly name: string }[],
    ...into: string[][]
  ): void => {
    const known = new Set(before.map(({ name }) => name));
    for (const { name } of after) {
      if (!known.has(name)) for (const names of into) names.push(name);
    }
  };
  fresh(live.tables, desired.tables, relations, types);
  fresh(live.sequences, desired.sequences, relations, types);
  fresh(live.composites, desired.composites, relations, types);
  fresh(live.enums, desired.enums, types);
  fresh(live.domains, desired.domains, types);
  const before = new Map(live.tables.map((table) => [table.name, table]));
  for (const table of desired.tables) {
    const existing = before.get(table.name);
    if (existing !== undefined && isUnchanged(existing, table)) continue;
    const known = existing === undefined ? new Set<string>() : namesIn(existing);
    for (const name of namesIn(table)) if (!known.has(name)) relations.push(name);
    if (existing === undefined) continue;
    const own = new Set(existing.constraints.map(({ name }) => name));
    for (const { name } of table.constraints) {
      if (!own.has(name)) constraints.push({ table: table.name, name });
    }
  }
  return { relations, types, constraints };
}
