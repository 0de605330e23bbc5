/**
 * Partitions of one parent among which values, and rows with them, change hands: those that get other
 * bounds, new ones that take values of these or of one that goes, what goes, and the default one.
 */
import type { Model, Table } from "../model.js";
import { keyTypes, overlap, type KeyTypes } from "./bounds.js";
import { holdersOf } from "./value-holders.js";
import { byName, type Scope } from "./scope.js";

export interface BoundPart {
  readonly table: Table;
  /** Null: it is new. */
  readonly from: string | null;
  /** Null: it is dropped. */
  readonly to: string | null;
}

export const DEFAULT = "DEFAULT";

export const keyOfParent = ({ tables }: Model, name: string | undefined): KeyTypes => {
  const table = tables.find((other) => other.name === name);
  return table === undefined ? [] : keyTypes(table);
};

/** The first of them is whose change does it for all; the default partition is the last. */
export function boundParts(parent: string | undefined, scope: Scope): BoundPart[] {
  const before = byName(scope.live.tables);
  const after = byName(scope.desired.tables);
  const [was, is] = [before.get(parent ?? ""), after.get(parent ?? "")];
  if (was === undefined || was.partitionKey !== is?.partitionKey) return [];
  const isOf = ({ partitionOf }: Table): boolean => partitionOf?.parent === was.name;
  const partsBefore = scope.live.tables.filter(isOf);
  const partsAfter = scope.desired.tables.filter(isOf);
  const boundBefore = (name: string): string | null => {
    const of = before.get(name)?.partitionOf;
    return of?.parent === was.name ? of.bound : null;
  };
  const stay = partsAfter.flatMap((table): BoundPart[] => {
    const from = boundBefore(table.name);
    const to = table.partitionOf?.bound ?? "";
    return from === null || from === to ? [] : [{ table, from, to }];
  });
  const go = partsBefore.filter(({ name }) => !after.has(name) && scope.owned.tables.has(name));
  const giving = new Set([...stay.map(({ table }) => table.name), ...go.map(({ name }) => name)]);
  const come = partsAfter.filter(
    (table) => !before.has(table.name) && takesFrom(giving, table, scope),
  );
  const fresh = come.map((table): BoundPart => ({
    table,
    from: null,
    to: table.partitionOf?.bound ?? "",
  }));
  const takers = [...stay, ...fresh];
  if (takers.length === 0) return [];
  const types = keyTypes(was);
  const gone = go.flatMap((table): BoundPart[] => {
    const from = table.partitionOf?.bound ?? "";
    const isTaken = takers.some(
      ({ to }) => from === DEFAULT || overlap(from, to ?? "", types) !== false,
    );
    return isTaken ? [{ table, from, to: null }] : [];
  });
  const fallback = partsAfter
    .filter(
      ({ name, partitionOf }) => partitionOf?.bound === DEFAULT && boundBefore(name) === DEFAULT,
    )
    .map((table): BoundPart => ({ table, from: DEFAULT, to: DEFAULT }));
  const isDefault = ({ from, to }: BoundPart): boolean => from === DEFAULT || to === DEFAULT;
  const all = [...takers, ...gone];
  return [...all.filter((part) => !isDefault(part)), ...all.filter(isDefault), ...fallback];
}

/** Where the server was asked, and nothing that stays as it is has values of it. */
function takesFrom(giving: ReadonlySet<string>, table: Table, scope: Scope): boolean {
  const known = scope.partitions.get(table.name);
  if (known === undefined || known.condition === null) return false;
  const holders = holdersOf(table, scope);
  return (
    holders.every(({ goes }) => goes !== null) &&
    holders.some(({ table: name }) => name !== null && giving.has(name))
  );
}

/** A new table's partition that `boundParts` has, and the new partitions below it. */
export function newRoot(table: Table, { live, desired }: Scope): Table {
  const isNew = (name: string | undefined): boolean =>
    name !== undefined && !live.tables.some((other) => other.name === name);
  let root = table;
  for (;;) {
    const parent = root.partitionOf?.parent;
    const above = desired.tables.find(({ name }) => name === parent);
    if (above === undefined || !isNew(parent)) return root;
    root = above;
  }
}
