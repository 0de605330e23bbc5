/** The constraints of one table: by name first, then by what they say. */
import { key, type Alteration, type Change, type Standing } from "../changes.js";
import { indexOfConstraint, inlineConstraint } from "../create-sql.js";
import type { Constraint, Table } from "../model.js";
import { id, list, qualified } from "../names.js";
import { alteration, undo } from "./alteration.js";
import { commentChange } from "./comments.js";
import { dropFirst } from "./indexes.js";
import { isInherited, keysOnTheWay } from "./leaving.js";
import { setOptions } from "./options.js";
import { becomesInherited, parentIndexes } from "./parents.js";
import { byName, type Scope } from "./scope.js";
import { standing } from "./stands-on.js";

interface ConstraintDiff {
  readonly changes: readonly Change[];
  /** Live unique indexes that a constraint is going to be made of. */
  readonly indexesUsed: ReadonlySet<string>;
}

export function diffConstraints(live: Table, desired: Table, scope: Scope): ConstraintDiff {
  const left = new Map(byName(live.constraints));
  const changes: Change[] = [];
  const added: Constraint[] = [];
  for (const constraint of desired.constraints) {
    const same = left.get(constraint.name);
    if (same === undefined) {
      added.push(constraint);
      continue;
    }
    left.delete(constraint.name);
    changes.push(...compare(desired, same, constraint, scope));
  }
  const indexesUsed = new Set<string>();
  for (const constraint of added) {
    const twin = takeTwin(left, constraint, desired, scope);
    if (twin !== null) {
      const renames = renamed(desired, twin, constraint, scope);
      const isRenamed = renames.some(({ kind }) => kind === "alteration");
      const called = isRenamed ? constraint.name : twin.name;
      changes.push(...renames, ...comments(desired, twin, { ...constraint, name: called }, scope));
    } else {
      changes.push(
        ...addOrReplace(live, desired, constraint, left, indexesUsed, scope),
        ...comments(desired, undefined, constraint, scope),
      );
    }
  }
  const kept = new Set(desired.columns.map(({ name }) => name));
  const onTheWay = new Set(keysOnTheWay(live, desired, scope));
  for (const constraint of left.values()) {
    if (onTheWay.has(constraint)) continue;
    // It goes with its column.
    if (constraint.columns.some((column) => !kept.has(column))) continue;
    if (becomesPart(desired, constraint, scope)) continue;
    if (becomesInherited(live, desired, constraint, scope)) continue;
    changes.push(dropConstraint(desired, constraint, scope));
  }
  return { changes, indexesUsed };
}

/**
 * The same key, of the parent or added to it, takes a partition's own as its part. So does the same
 * foreign key of the next parent that of the one before.
 */
function becomesPart(table: Table, { kind, name, definition }: Constraint, scope: Scope): boolean {
  const isKey = kind === "primary" || kind === "unique";
  if (!isKey && !(kind === "foreign" && isInherited(name, table, scope))) return false;
  const parent = scope.desired.tables.find((other) => other.name === table.partitionOf?.parent);
  return parent?.constraints.some((other) => other.definition === definition) === true;
}

const alter = (table: Table, scope: Scope): string =>
  `ALTER TABLE ${qualified(scope.namespace, table.name)}`;

/** Removes from `left` a constraint that says the same under another name. */
function takeTwin(
  left: Map<string, Constraint>,
  wanted: Constraint,
  table: Table,
  scope: Scope,
): Constraint | null {
  for (const [name, constraint] of left) {
    if (sameConstraint(table, constraint, wanted, scope)) {
      left.delete(name);
      return constraint;
    }
  }
  return null;
}

/** Foreign keys and keys have no expressions, so only the others can be spelled in two ways. */
function sameConstraint(
  table: Table,
  live: Constraint,
  desired: Constraint,
  scope: Scope,
): boolean {
  if (live.kind !== desired.kind) return false;
  if (live.kind !== "check" && live.kind !== "exclude") {
    return live.definition === desired.definition;
  }
  return scope.same({
    kind: "constraint",
    of: table.name,
    column: null,
    live: live.definition,
    desired: desired.definition,
  });
}

function compare(table: Table, live: Constraint, desired: Constraint, scope: Scope): Change[] {
  if (!sameConstraint(table, live, desired, scope)) {
    return [
      replaceConstraint(table, live, desired, scope),
      ...comments(table, undefined, desired, scope),
    ];
  }
  const invalid = !live.validated && desired.validated;
  return [
    ...(invalid
      ? [{ kind: "validate_constraint" as const, table, constraint: desired }]
      : indexOptionChanges(table, live, desired, scope)),
    ...comments(table, live, desired, scope),
  ];
}

/** Those on the constraint and on the index behind it. */
function comments(
  table: Table,
  live: Constraint | undefined,
  desired: Constraint,
  { namespace }: Scope,
): Change[] {
  const { name } = desired;
  const place = {
    table: table.name,
    object: name,
    needs: [key.constraint(table.name, name)],
  };
  return [
    commentChange(live, desired, {
      ...place,
      target: `CONSTRAINT ${id(name)} ON ${qualified(namespace, table.name)}`,
    }),
    commentChange(
      { comment: live?.indexComment ?? null },
      { comment: desired.indexComment },
      { ...place, target: `INDEX ${qualified(namespace, name)}` },
    ),
  ].filter((change) => change !== null);
}

function indexOptionChanges(
  table: Table,
  live: Constraint,
  desired: Constraint,
  scope: Scope,
): Change[] {
  const [from, to] = [live.indexOptions.join(", "), desired.indexOptions.join(", ")];
  if (from === to) return [];
  const head = `ALTER INDEX ${qualified(scope.namespace, live.name)}`;
  return [
    alteration({
      operation: "change_index",
      table: table.name,
      object: live.name,
      reason: `storage parameters differ: ${from || "none"} to ${to || "none"}`,
      up: setOptions(head, live.indexOptions, desired.indexOptions),
      down: setOptions(head, desired.indexOptions, live.indexOptions),
    }),
  ];
}

/**
 * A name that the server made up may differ; one that the files spell out is asked for. An index of
 * a key has to give its name to what else is to have it.
 */
function renamed(table: Table, live: Constraint, desired: Constraint, scope: Scope): Change[] {
  const isWanted = live.kind !== "foreign" && live.kind !== "check" && scope.wanted.has(live.name);
  if (!scope.explicitNames.has(`${table.name}.${desired.name}`) && !isWanted) {
    return !live.validated && desired.validated
      ? [{ kind: "validate_constraint", table, constraint: { ...desired, name: live.name } }]
      : [];
  }
  const head = alter(table, scope);
  const operation = desired.kind === "primary" ? "change_primary_key" : "change_constraint";
  return [
    alteration({
      operation,
      table: table.name,
      object: desired.name,
      reason: `the constraint is there under the name ${live.name}`,
      up: [`${head} RENAME CONSTRAINT ${id(live.name)} TO ${id(desired.name)}`],
      down: [`${head} RENAME CONSTRAINT ${id(desired.name)} TO ${id(live.name)}`],
      newName:
        live.kind === "foreign" || live.kind === "check"
          ? null
          : { of: "INDEX", from: live.name, to: desired.name },
      provides: [key.constraint(table.name, desired.name), key.gone(live.name)],
    }),
  ];
}

function addOrReplace(
  live: Table,
  table: Table,
  constraint: Constraint,
  left: Map<string, Constraint>,
  indexesUsed: Set<string>,
  scope: Scope,
): Change[] {
  if (constraint.kind === "primary") {
    const old = [...left.values()].find(({ kind }) => kind === "primary");
    if (old !== undefined) {
      left.delete(old.name);
      return [replaceConstraint(table, old, constraint, scope)];
    }
  }
  const same = live.indexes.find(({ name }) => name === constraint.name);
  const wanted = indexOfConstraint(constraint)?.definition;
  // Of a partitioned table PostgreSQL makes no constraint from an index.
  if (
    same?.unique === true &&
    !table.partitioned &&
    wanted !== undefined &&
    (!same.valid || same.definition === wanted)
  ) {
    indexesUsed.add(same.name);
    const index = same.valid ? "ready" : "invalid";
    return [{ kind: "add_constraint", table, constraint, onNew: false, needs: [], index }];
  }
  const buildsIndex = constraint.kind !== "foreign" && constraint.kind !== "check";
  if (buildsIndex && same !== undefined) {
    indexesUsed.add(constraint.name);
    return [nameTaken(live, table, constraint, scope)];
  }
  const needs = constraint.kind === "primary" ? keysOfParent(live, scope) : [];
  return [{ kind: "add_constraint", table, constraint, onNew: false, needs, index: null }];
}

/** A partition has no primary key of its own while the parent's stands. */
function keysOfParent({ partitionOf }: Table, scope: Scope): string[] {
  const parent = scope.live.tables.find(({ name }) => name === partitionOf?.parent);
  return (parent?.constraints ?? [])
    .filter(({ kind }) => kind === "primary")
    .map(({ name }) => key.gone(name));
}

/** Most often a unique index that shall become a unique constraint of the same name. */
export function nameTaken(
  live: Table | null,
  table: Table,
  constraint: Constraint,
  scope: Scope,
): Alteration {
  const own = live?.indexes.find(({ name }) => name === constraint.name);
  return alteration({
    operation: constraint.kind === "primary" ? "change_primary_key" : "change_constraint",
    table: table.name,
    object: constraint.name,
    reason: `${constraint.name} already names another object`,
    first: own === undefined ? [] : [dropFirst(table, own, scope)],
    up: [`${alter(table, scope)} ADD ${inlineConstraint(constraint)}`],
    down: null,
    note: own !== undefined ? null : "a person has to choose which of the two keeps the name",
    provides: [key.constraint(table.name, constraint.name), key.keys(table.name)],
  });
}

export function replaceConstraint(
  table: Table,
  live: Constraint,
  desired: Constraint,
  scope: Scope,
): Alteration {
  const primary = live.kind === "primary" || desired.kind === "primary";
  const referring = referringKeys(table, live, scope);
  const add = addSteps(table, desired, scope);
  // What it refers to may be a key that moves.
  const isForeign = desired.kind === "foreign";
  return alteration({
    operation: primary ? "change_primary_key" : "change_constraint",
    table: table.name,
    object: desired.name,
    reason: `${live.definition} to ${desired.definition}: the old one is dropped first, and rows that violate the new one make it fail`,
    first: [...referring.drop, dropSql(table, live, scope)],
    up: isForeign ? [] : add,
    last: [...(isForeign ? add : []), ...referring.add],
    standing: isForeign
      ? new Map(standing(add, desired, dropSql(table, desired, scope), scope))
      : referring.standing,
    down: [],
    undo: undo({
      first: [
        ...referring.drop,
        ...referringKeys(table, desired, scope).drop,
        dropSql(table, desired, scope),
      ],
      ...backAgain(table, live, referring, scope),
    }),
    provides: [
      key.constraint(table.name, desired.name),
      key.keys(table.name),
      ...(live.name === desired.name ? [] : [key.gone(live.name)]),
    ],
    needs: [
      ...desired.columns.map((column) => key.column(table.name, column)),
      ...parentIndexes(table, scope).map(key.gone),
    ],
  });
}

interface Referring {
  readonly drop: readonly string[];
  /** Those that stay. */
  readonly add: readonly string[];
  readonly standing: ReadonlyMap<string, Standing>;
  /** All of them, as they were. */
  readonly back: readonly string[];
}

/** What brings a dropped constraint back, with the foreign keys that went with it. */
function backAgain(table: Table, live: Constraint, referring: Referring, scope: Scope) {
  const add = addSteps(table, live, scope);
  return live.kind === "foreign"
    ? { keys: [], references: [...add, ...referring.back] }
    : { keys: add, references: referring.back };
}

const NONE_REFER: Referring = { drop: [], add: [], standing: new Map(), back: [] };

/** Foreign keys stand on a key: they go before it does and come back after, where they are to stay. */
function referringKeys(table: Table, key: Constraint, scope: Scope): Referring {
  if (key.kind !== "primary" && key.kind !== "unique") return NONE_REFER;
  const columns = [...key.columns].sort().join("\n");
  const found = scope.live.tables.flatMap((other) =>
    other.constraints
      .filter(
        ({ references }) =>
          references?.table === table.name && [...references.columns].sort().join("\n") === columns,
      )
      .map((constraint) => ({ other, constraint })),
  );
  const add = found.flatMap(({ other, constraint }) => {
    const kept = keptAs(other, constraint, scope);
    if (kept === null) return [];
    const statements = addSteps(other, { ...kept, name: constraint.name }, scope);
    return [{ other, constraint: kept, statements }];
  });
  return {
    drop: found.map(({ other, constraint }) => dropSql(other, constraint, scope)),
    back: found.flatMap(({ other, constraint }) => addSteps(other, constraint, scope)),
    add: add.flatMap(({ statements }) => statements),
    standing: new Map(
      add.flatMap(({ other, constraint, statements }) =>
        standing(statements, constraint, dropSql(other, constraint, scope), scope),
      ),
    ),
  };
}

/**
 * As the files have it. A name that the server made up may differ, as for a table's old name: a
 * revision leaves it, and the next apply adds what is missing under the new one.
 */
export function keptAs(of: Table, live: Constraint, scope: Scope): Constraint | null {
  const wanted = scope.desired.tables.find(({ name }) => name === of.name)?.constraints ?? [];
  const sameName = wanted.find(({ name }) => name === live.name);
  const kept =
    sameName ??
    wanted.find(
      ({ kind, name, definition }) =>
        kind === "foreign" &&
        definition === live.definition &&
        !scope.explicitNames.has(`${of.name}.${name}`),
    );
  return kept?.definition === live.definition ? kept : null;
}

export const dropSql = (table: Table, constraint: Constraint, scope: Scope): string =>
  `${alter(table, scope)} DROP CONSTRAINT IF EXISTS ${id(constraint.name)}`;

export function addSteps(table: Table, constraint: Constraint, scope: Scope): string[] {
  const head = alter(table, scope);
  const add = `${head} ADD ${inlineConstraint(constraint)}`;
  const split =
    constraint.kind === "check" || (constraint.kind === "foreign" && !table.partitioned);
  if (!split || !constraint.validated) return [constraint.validated ? add : `${add} NOT VALID`];
  return [`${add} NOT VALID`, `${head} VALIDATE CONSTRAINT ${id(constraint.name)}`];
}

function dropConstraint(table: Table, constraint: Constraint, scope: Scope): Alteration {
  const referring = referringKeys(table, constraint, scope);
  const columns = constraint.columns.length > 0 ? ` on ${list(constraint.columns)}` : "";
  return alteration({
    operation: constraint.kind === "primary" ? "change_primary_key" : "drop_constraint",
    table: table.name,
    object: constraint.name,
    reason: `nothing would enforce ${constraint.kind === "primary" ? "the primary key" : constraint.definition}${constraint.kind === "primary" ? columns : ""} any more`,
    first: [...referring.drop, dropSql(table, constraint, scope)],
    up: [],
    last: referring.add,
    standing: referring.standing,
    down: [],
    undo: undo({ first: referring.drop, ...backAgain(table, constraint, referring, scope) }),
    provides: [key.gone(constraint.name)],
    needs: parentIndexes(table, scope).map(key.gone),
  });
}
