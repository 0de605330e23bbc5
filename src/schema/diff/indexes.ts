/** The indexes of one table that no constraint owns: by name first, then by what they say. */
import { key, type Alteration, type Change } from "../changes.js";
import { createIndex, inlineConstraint } from "../create-sql.js";
import type { Constraint, Index, Table } from "../model.js";
import { id, qualified } from "../names.js";
import { alteration, undo } from "./alteration.js";
import { namesGoneValue } from "./enums.js";
import { commentChange } from "./comments.js";
import { isTakenAsPart, partsOf } from "./index-parts.js";
import { joinsParent, parentIndexes } from "./parents.js";
import { isRetyped } from "./retyped.js";
import { byName, type Scope } from "./scope.js";

export function diffIndexes(
  live: Table,
  desired: Table,
  scope: Scope,
  used: ReadonlySet<string>,
): Change[] {
  const left = new Map([...byName(live.indexes)].filter(([name]) => !used.has(name)));
  const changes: Change[] = [];
  const added: Index[] = [];
  for (const index of desired.indexes) {
    const same = left.get(index.name);
    left.delete(index.name);
    if (same === undefined) added.push(index);
    else changes.push(...compare(desired, same, index, scope));
  }
  for (const index of added) {
    const twin = takeTwin(left, index, desired, scope);
    if (twin !== null) {
      const renames = renamed(desired, twin, index, scope);
      const { name } = renames.length > 0 ? index : twin;
      changes.push(...renames, ...newComment(desired, { ...index, name }, scope, twin));
    } else changes.push(...newIndex(live, desired, index, scope));
  }
  const kept = new Set(desired.columns.map(({ name }) => name));
  for (const index of left.values()) {
    // It goes with its column.
    if (index.columns.some((column) => !kept.has(column))) continue;
    if (joinsParent(live, desired) && becomesPart(desired, index, scope)) continue;
    if (isTakenAsPart(desired, index, scope)) continue;
    changes.push(dropIndex(desired, index, scope));
  }
  return changes;
}

/** ATTACH PARTITION takes it for the parent's instead of building another. */
const becomesPart = ({ partitionOf }: Table, index: Index, { desired }: Scope): boolean =>
  index.valid &&
  desired.tables
    .find(({ name }) => name === partitionOf?.parent)
    ?.indexes.some(
      ({ unique, definition }) => unique === index.unique && definition === index.definition,
    ) === true;

function newIndex(live: Table, table: Table, index: Index, scope: Scope): Change[] {
  const own = live.constraints.some(({ name }) => name === index.name);
  if (own) return [indexNameTaken(live, table, index, scope)];
  return [addIndex(table, index, false, scope), ...newComment(table, index, scope)];
}

const addIndex = (table: Table, index: Index, replacesInvalid: boolean, scope: Scope): Change => ({
  kind: "add_index",
  table,
  index,
  onNew: false,
  needs: [],
  replacesInvalid,
  parts: partsOf(table, index, scope),
});

function newComment(table: Table, index: Index, scope: Scope, live?: Index): Change[] {
  const comment = commentChange(live, index, {
    table: table.name,
    object: index.name,
    target: `INDEX ${qualified(scope.namespace, index.name)}`,
    needs: [key.index(index.name)],
  });
  return comment === null ? [] : [comment];
}

/** Only expressions and predicates, which stand in parentheses of their own, have two spellings. */
const sameIndex = (table: Table, live: Index, desired: Index, scope: Scope): boolean =>
  live.unique === desired.unique &&
  scope.same({
    kind: "index",
    of: table.name,
    column: null,
    live: live.definition,
    desired: desired.definition,
  });

function takeTwin(
  left: Map<string, Index>,
  wanted: Index,
  table: Table,
  scope: Scope,
): Index | null {
  for (const [name, index] of left) {
    if (index.valid && sameIndex(table, index, wanted, scope)) {
      left.delete(name);
      return index;
    }
  }
  return null;
}

/** What an interrupted build left behind counts as missing, whatever it says. */
function compare(table: Table, live: Index, desired: Index, scope: Scope): Change[] {
  if (!live.valid) {
    return [addIndex(table, desired, true, scope), ...newComment(table, desired, scope)];
  }
  if (!sameIndex(table, live, desired, scope)) return [replaceIndex(table, live, desired, scope)];
  return newComment(table, desired, scope, live);
}

const nameOf = (index: Index, scope: Scope): string => qualified(scope.namespace, index.name);

/** Partitioned tables' indexes can be neither built nor dropped concurrently. */
function concurrently(table: Table): { create: boolean; word: string } {
  return table.partitioned ? { create: false, word: "" } : { create: true, word: "CONCURRENTLY " };
}

function replaceIndex(table: Table, live: Index, desired: Index, scope: Scope): Alteration {
  const { create, word } = concurrently(table);
  const target = qualified(scope.namespace, table.name);
  const build = (index: Index): string =>
    createIndex(index, target, { concurrently: create, ifMissing: create });
  // It goes with the index that it names.
  const identity = `USING INDEX ${id(desired.name)}`;
  const identified =
    table.replicaIdentity === identity
      ? [`ALTER TABLE ${target} REPLICA IDENTITY ${identity}`]
      : [];
  const swap = (from: Index, to: Index): string[] => [
    `DROP INDEX ${word}IF EXISTS ${nameOf(from, scope)}`,
    build(to),
    ...identified,
  ];
  const first = goesFirst(table, live, scope);
  return alteration({
    operation: "change_index",
    table: table.name,
    object: desired.name,
    reason: `${live.unique ? "UNIQUE " : ""}${live.definition} to ${desired.unique ? "UNIQUE " : ""}${desired.definition}: queries and uniqueness do without it while it is built anew`,
    ...(first
      ? {
          first: [dropFirst(table, live, scope)],
          up: [...keysBack(table, live, scope), build(desired), ...identified],
          down: [],
          undo: undo({
            first: [dropSql(desired, scope)],
            keys: [createIndex(live, target), ...identified],
          }),
        }
      : live.columns.every((column) => table.columns.some(({ name }) => name === column)) &&
          !namesGoneValue(live, scope)
        ? { up: swap(live, desired), down: swap(desired, live) }
        : {
            // On the way back its column, or the value, is there again only behind everything else.
            up: swap(live, desired),
            down: [],
            undo: undo({ first: [dropSql(desired, scope)], keys: [createIndex(live, target)] }),
          }),
    provides: [key.index(desired.name)],
    needs: desired.columns.map((column) => key.column(table.name, column)),
    transactional: !create,
  });
}

const dropSql = (index: Index, scope: Scope): string =>
  `DROP INDEX IF EXISTS ${nameOf(index, scope)}`;

/**
 * An expression or predicate on a column whose type changes may not exist for the new type, and the
 * index of a partitioned table holds on to those of the partitions.
 */
const goesFirst = (table: Table, index: Index, scope: Scope): boolean =>
  table.partitioned ||
  index.columns.some((column) => isRetyped(column, scope, table)) ||
  wouldBePart(table, index, scope);

/** A partitioned table's new index takes an equal one of a partition as its part. */
function wouldBePart({ partitionOf }: Table, index: Index, scope: Scope): boolean {
  const parent = scope.desired.tables.find(({ name }) => name === partitionOf?.parent);
  if (parent === undefined) return false;
  const same = parent.indexes.some(
    ({ unique, definition }) =>
      unique === index.unique && unordered(definition) === unordered(index.definition),
  );
  return same || wouldBePart(parent, index, scope);
}

/** What PostgreSQL compares when it looks for a part: neither directions nor storage parameters. */
const unordered = (definition: string): string =>
  definition.replaceAll(/ (?:DESC|NULLS (?:FIRST|LAST)|WITH \([^)]*\))(?=[ ,)]|$)/g, "");

/** Keys of partitions that may be its parts: such an index and key only go together. */
function partKeys(table: Table, index: Index, scope: Scope): { of: Table; key: Constraint }[] {
  if (!table.partitioned || !index.unique) return [];
  const columns = [...index.columns].sort().join();
  return scope.live.tables
    .filter(({ partitionOf }) => partitionOf?.parent === table.name)
    .flatMap((of) => [
      ...of.constraints
        .filter(
          (item) =>
            (item.kind === "primary" || item.kind === "unique") &&
            [...item.columns].sort().join() === columns,
        )
        .map((item) => ({ of, key: item })),
      ...partKeys(of, index, scope),
    ]);
}

export const dropFirst = (table: Table, index: Index, scope: Scope): string =>
  `${dropSql(index, scope)}${partKeys(table, index, scope).length > 0 ? " CASCADE" : ""}`;

/** The keys that go with it and are to stay. */
const keysBack = (table: Table, index: Index, scope: Scope): string[] =>
  partKeys(table, index, scope)
    .filter(({ of, key: { name, definition } }) =>
      scope.desired.tables
        .find((other) => other.name === of.name)
        ?.constraints.some((item) => item.name === name && item.definition === definition),
    )
    .map(({ of, key: item }) => {
      const child = qualified(scope.namespace, of.name);
      return `ALTER TABLE ${child} DROP CONSTRAINT IF EXISTS ${id(item.name)}, ADD ${inlineConstraint(item)}`;
    });

function renamed(table: Table, live: Index, desired: Index, scope: Scope): Change[] {
  // A name that the server made up may differ, unless something else is to have the old one.
  if (!scope.explicitNames.has(desired.name) && !scope.wanted.has(live.name)) return [];
  return [
    alteration({
      operation: "change_index",
      table: table.name,
      object: desired.name,
      reason: `the index is there under the name ${live.name}`,
      up: [`ALTER INDEX ${nameOf(live, scope)} RENAME TO ${id(desired.name)}`],
      down: [`ALTER INDEX ${nameOf(desired, scope)} RENAME TO ${id(live.name)}`],
      newName: { of: "INDEX", from: live.name, to: desired.name },
      provides: [key.index(desired.name), key.gone(live.name)],
    }),
  ];
}

/** `live` is the table as it is, if it is there: a constraint of its own makes way. */
export function indexNameTaken(
  live: Table | null,
  table: Table,
  index: Index,
  scope: Scope,
): Alteration {
  const constraint = live?.constraints.find(({ name }) => name === index.name);
  const head = `ALTER TABLE ${qualified(scope.namespace, table.name)}`;
  const { create } = concurrently(table);
  return alteration({
    operation: "change_index",
    table: table.name,
    object: index.name,
    reason: `${index.name} already names another object`,
    first: constraint === undefined ? [] : [`${head} DROP CONSTRAINT IF EXISTS ${id(index.name)}`],
    up: [createIndex(index, qualified(scope.namespace, table.name), { concurrently: create })],
    down: null,
    note:
      constraint === undefined ? "a person has to choose which of the two keeps the name" : null,
    provides: [key.index(index.name), key.keys(table.name)],
    transactional: !create,
  });
}

function dropIndex(table: Table, index: Index, scope: Scope): Alteration {
  const { create, word } = concurrently(table);
  const target = qualified(scope.namespace, table.name);
  return alteration({
    operation: "drop_index",
    table: table.name,
    object: index.name,
    reason: index.valid
      ? "queries may rely on it, and building it again takes time"
      : "an interrupted build left it invalid; the schema files do not hold it",
    ...(goesFirst(table, index, scope)
      ? {
          first: [dropFirst(table, index, scope)],
          up: keysBack(table, index, scope),
          down: [],
          undo: undo({ keys: [createIndex(index, target)] }),
        }
      : {
          up: [`DROP INDEX ${word}IF EXISTS ${nameOf(index, scope)}`],
          ...(namesGoneValue(index, scope)
            ? { down: [], undo: undo({ keys: [createIndex(index, target)] }) }
            : { down: [createIndex(index, target, { concurrently: create })] }),
          transactional: !create,
        }),
    provides: [key.gone(index.name)],
    // A partition's part of it goes with it.
    needs: parentIndexes(table, scope).map(key.gone),
  });
}
