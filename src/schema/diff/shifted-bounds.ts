/**
 * Partitions among which values change hands (bound-parts.ts). One takes what another gives up, so all
 * of them are detached, new ones are created, rows go where they belong, and all are attached again:
 * one change does that for its parent, the others stand behind it.
 */
import { key, type Alteration, type Elsewhere } from "../changes.js";
import { createTable } from "../create-sql.js";
import type { Table } from "../model.js";
import { id, qualified } from "../names.js";
import { undo } from "./alteration.js";
import { boundParts, DEFAULT, keyOfParent, type BoundPart } from "./bound-parts.js";
import { overlap } from "./bounds.js";
import { ownParts } from "./own-parts.js";
import { leavingColumns } from "./parents.js";
import { andAbove, andBelow, isReferredTo, referringTables, setAside } from "./referring-rows.js";
import { byName, type Scope } from "./scope.js";
import { holdersOf } from "./value-holders.js";

type Shift = Pick<
  Alteration,
  "first" | "last" | "standing" | "undo" | "up" | "down" | "note" | "needs"
> & { readonly elsewhere: Elsewhere | null };

/** Null where it does not take part. */
export function shiftOf(table: Table, scope: Scope): Shift | null {
  const parent = table.partitionOf?.parent ?? "";
  const parts = boundParts(parent, scope);
  const [first] = parts;
  if (first === undefined || !parts.some((part) => part.table.name === table.name)) return null;
  const up = forth(parent, parts, scope);
  if (table.name !== first.table.name) return { ...behind(first.table), elsewhere: by(up) };
  const touched = parts.flatMap(({ table: { name }, from }) =>
    from === null ? [] : andBelow(name, scope.live),
  );
  return {
    ...setAside([...andAbove(parent, scope.live), ...touched], scope),
    up,
    down: isFinal(parts, scope) ? null : back(parent, parts, scope),
    note: noteOn(parts, referringTables(touched, scope)),
    needs: parts.flatMap((part) => [
      ...leavingColumns(part.table, scope),
      ...takenFrom(part, scope),
    ]),
    elsewhere: null,
  };
}

/** What is done with a table by the change of another. */
export const behind = (first: Table): Omit<Shift, "elsewhere"> => ({
  first: [],
  last: [],
  standing: new Map(),
  undo: undo({}),
  up: [],
  down: [],
  note: `done together with ${first.name}`,
  needs: [doneOf(first)],
});

export const by = (statements: readonly string[]): Elsewhere => ({ by: "another", statements });

/** What the change of a part provides, be the part new or not. */
const doneOf = ({ name }: Table): string => key.parents(name);

function noteOn(parts: readonly BoundPart[], referring: readonly string[]): string {
  const fails = [
    ...(parts.some(({ to }) => to === DEFAULT)
      ? []
      : [
          "rows that belong in none of these partitions make it fail: a person has to move them first",
        ]),
    ...(referring.length === 0
      ? []
      : [
          `foreign keys of ${referring.join(", ")} refer to one of these partitions itself: rows that refer to one which moves make it fail, and a person has to change or delete them first`,
        ]),
  ];
  return ["it moves rows under a lock that stops every query", ...fails].join("; ");
}

/** What holds values of it and leaves the parent by this plan. */
function takenFrom({ table, to }: BoundPart, scope: Scope): string[] {
  if (to === null) return [];
  const parent = table.partitionOf?.parent;
  const types = keyOfParent(scope.live, parent);
  const after = byName(scope.desired.tables);
  const known = holdersOf(table, scope).flatMap(({ table: name }) => name ?? []);
  return scope.live.tables.flatMap(({ name, partitionOf }) => {
    if (name === table.name || partitionOf?.parent !== parent) return [];
    if (!known.includes(name) && overlap(partitionOf?.bound ?? "", to, types) === false) return [];
    const kept = after.get(name);
    return kept === undefined || kept.partitionOf?.parent === parent ? [] : [key.parents(name)];
  });
}

/** A new partition that comes otherwise, or that others refer to, would be in the way back. */
function isFinal(parts: readonly BoundPart[], scope: Scope): boolean {
  const { live, desired } = scope;
  if (parts.some(({ to }) => to === null)) return true;
  const before = byName(live.tables);
  const fresh = parts.filter(({ from }) => from === null).map(({ table }) => table);
  if (isReferredTo(fresh, scope)) return true;
  const types = keyOfParent(live, parts[0]?.table.partitionOf?.parent);
  return desired.tables.some(
    (other) =>
      !before.has(other.name) &&
      !fresh.includes(other) &&
      parts.some(
        ({ table, from }) =>
          other.partitionOf?.parent === table.partitionOf?.parent &&
          overlap(from ?? "", other.partitionOf?.bound ?? "", types) !== false,
      ),
  );
}

function forth(parent: string, parts: readonly BoundPart[], scope: Scope): string[] {
  return [
    ...parts.flatMap(({ table, from }) => (from === null ? [] : detach(parent, table, scope))),
    ...parts.flatMap(({ table, from }) => (from === null ? createWhole(table, scope) : [])),
    ...moves(parts, "to", scope),
    ...parts.flatMap(({ table, from, to }) =>
      from === null || to === null ? [] : attach(parent, table, to, scope),
    ),
  ];
}

/** What new partitions have goes where the parent sends it, which fails where there is no place. */
function back(parent: string, parts: readonly BoundPart[], scope: Scope): string[] {
  const fresh = parts.filter(({ from }) => from === null).map(({ table }) => table);
  return [
    ...parts.flatMap(({ table }) => detach(parent, table, scope)),
    ...moves(parts, "from", scope),
    ...parts.flatMap(({ table, from }) =>
      from === null ? [] : attach(parent, table, from, scope),
    ),
    ...fresh.flatMap((table) => {
      const name = qualified(scope.namespace, table.name);
      const into = qualified(scope.namespace, parent);
      return [moveRows(name, null, into, table), `DROP TABLE ${name}`];
    }),
  ];
}

const head = (parent: string, { namespace }: Scope): string =>
  `ALTER TABLE ${qualified(namespace, parent)}`;

const detach = (parent: string, { name }: Table, scope: Scope): string[] => [
  `${head(parent, scope)} DETACH PARTITION ${qualified(scope.namespace, name)}`,
];

const attach = (parent: string, { name }: Table, bound: string, scope: Scope): string[] => [
  `${head(parent, scope)} ATTACH PARTITION ${qualified(scope.namespace, name)} ${bound}`,
];

/** A new partition with those below it, which have to be there to take rows. */
export const createWhole = (table: Table, scope: Scope): string[] =>
  andBelow(table.name, scope.desired).flatMap((name) => {
    const found = scope.desired.tables.find((other) => other.name === name);
    return found === undefined ? [] : [createTable(ownParts(found, scope), scope.namespace)];
  });

function moves(parts: readonly BoundPart[], towards: "from" | "to", scope: Scope): string[] {
  const before = towards === "to" ? "from" : "to";
  const types = keyOfParent(scope.live, parts[0]?.table.partitionOf?.parent);
  const name = ({ table }: BoundPart): string => qualified(scope.namespace, table.name);
  const belongs = (part: BoundPart): string | null =>
    scope.bounds.get(part.table.name)?.[towards] ??
    (towards === "to" ? scope.partitions.get(part.table.name)?.condition : null) ??
    null;
  const isDefault = (part: BoundPart): boolean => part[towards] === DEFAULT;
  // What has no place of its own is left for the default partition.
  const targets = [...parts.filter((part) => !isDefault(part)), ...parts.filter(isDefault)];
  return parts
    .filter((part) => towards === "to" || part.from !== null)
    .flatMap((source) =>
      targets.flatMap((target) => {
        const [had, has] = [source[before], target[towards]];
        if (source === target || had === null || has === null) return [];
        if (has === DEFAULT) {
          const own = source[towards] === null ? null : belongs(source);
          return own === null
            ? []
            : [moveRows(name(source), `(${own}) IS NOT TRUE`, name(target), target.table)];
        }
        const condition = belongs(target);
        if (condition === null) return [];
        if (had !== DEFAULT && overlap(had, has, types) === false) return [];
        return [moveRows(name(source), condition, name(target), target.table)];
      }),
    );
}

/** All rows where there is no condition. */
export function moveRows(
  from: string,
  condition: string | null,
  into: string,
  { columns: all }: Table,
): string {
  const columns = all
    .filter(({ generated }) => generated === null)
    .map(({ name }) => id(name))
    .join(", ");
  const where = condition === null ? "" : ` WHERE ${condition}`;
  return `WITH moved AS (DELETE FROM ${from}${where} RETURNING ${columns}) INSERT INTO ${into} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM moved`;
}
