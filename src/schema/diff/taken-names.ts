/**
 * Additions whose name another object holds. Where the plan takes that object away, they wait for
 * it; otherwise a person has to choose, and the addition would only fail at the apply.
 */
import { key, type Addition, type Alteration, type Change } from "../changes.js";
import { createIndex, createTable, inlineConstraint } from "../create-sql.js";
import { edges } from "../dependencies.js";
import { id, qualified, withSuffix } from "../names.js";
import { alteration, undo } from "./alteration.js";
import { nameTaken } from "./constraints.js";
import { indexNameTaken } from "./indexes.js";
import { namesIn, type NameHolder, type NameHolders } from "./new-names.js";
import type { FoundRename } from "./renames.js";
import type { Scope } from "./scope.js";

interface Occupant extends NameHolder {
  /** What makes the name free; null: nothing that a plan can hold. */
  readonly freedBy: string | null;
}

interface Occupants {
  readonly relations: ReadonlyMap<string, Occupant>;
  readonly types: ReadonlyMap<string, Occupant>;
  /** By `table.name`. */
  readonly constraints: ReadonlyMap<string, Occupant>;
}

/** `held` is what the server says of new names; the models know better where they know. */
export function withoutTakenNames(
  changes: readonly Change[],
  scope: Scope,
  renames: readonly FoundRename[],
  held: NameHolders,
): Change[] {
  const occupants = occupantsOf(scope, renames, held);
  const freed = new Set(
    changes.flatMap((change) => (change.kind === "alteration" ? change.provides : [])),
  );
  // Names that something new has, which no way back takes away again, once the next apply is done.
  const anew = new Set<string>();
  const judged = changes.map((change) => {
    if (change.kind === "alteration")
      return behindName(withNote(change, occupants, held), occupants, freed);
    const found = occupantsIn(change, occupants, freed);
    if (found.length === 0) return change;
    const stuck = found.find(({ freedBy }) => freedBy === null || !freed.has(freedBy));
    if (stuck !== undefined) return refused(change, stuck, scope);
    const needs = found.flatMap(({ freedBy }) => freedBy ?? []);
    if (change.kind.startsWith("create_")) for (const name of needs) anew.add(name);
    return "needs" in change ? { ...change, needs: [...change.needs, ...needs] } : change;
  });
  return judged.map((change) =>
    change.kind === "alteration" && change.provides.some((name) => anew.has(name))
      ? { ...change, down: null }
      : change,
  );
}

const known = (what: string, freedBy: string): Occupant => ({
  what,
  indexOf: null,
  partOf: null,
  freedBy,
});

function occupantsOf(
  { live }: Scope,
  renames: readonly FoundRename[],
  held: NameHolders,
): Occupants {
  const relations = new Map<string, Occupant>();
  const types = new Map<string, Occupant>();
  const add = (name: string, occupant: Occupant, ...into: Map<string, Occupant>[]): void => {
    for (const names of into) if (!names.has(name)) names.set(name, occupant);
  };
  for (const table of live.tables) {
    const occupant = known(`table ${table.name}`, key.goneTable(table.name));
    add(table.name, occupant, relations, types);
    for (const name of namesIn(table)) {
      add(name, known(`index ${name} of ${table.name}`, key.gone(name)), relations);
    }
  }
  for (const { name } of live.sequences) {
    add(name, known(`sequence ${name}`, key.gone(name)), relations, types);
  }
  for (const { name } of live.composites) {
    add(name, known(`type ${name}`, key.goneType(name)), relations, types);
  }
  for (const { name } of [...live.enums, ...live.domains]) {
    add(name, known(`type ${name}`, key.goneType(name)), types);
  }
  // Until the rename is done, the old name is not free.
  for (const { column, from, sequences } of renames) {
    for (const name of sequences) {
      add(name, known(`sequence ${name}`, key.gone(name)), relations, types);
    }
    const occupant = known(`table ${from}`, key.goneTable(from));
    if (column === null) add(from, occupant, relations, types);
  }
  for (const [name, by] of held.relations) add(name, { ...by, freedBy: null }, relations);
  for (const [name, by] of held.types) add(name, { ...by, freedBy: null }, types);
  const constraints = new Map(
    [...held.constraints].map(([name, by]) => [name, { ...by, freedBy: null }]),
  );
  return { relations, types, constraints };
}

/** Those that hold the addition's names. */
function occupantsIn(
  change: Addition,
  { relations, types, constraints }: Occupants,
  freed: ReadonlySet<string>,
): Occupant[] {
  const { inRelations, inTypes } = namesTaken(change);
  const own =
    change.kind === "add_index" || change.kind === "add_constraint" ? change.table.name : null;
  // What the table has already is compared elsewhere, but for a partition's part of its parent's
  // index: that goes with the parent's, or stays with a partition that leaves.
  const inTheWay = (occupant: Occupant): Occupant[] => {
    const { indexOf, partOf } = occupant;
    if (own === null || indexOf !== own) return [occupant];
    if (partOf === null || freed.has(key.parents(own))) return [];
    const goes = key.gone(partOf);
    return [freed.has(goes) ? { ...occupant, freedBy: goes } : occupant];
  };
  const ofTable =
    change.kind === "add_constraint"
      ? constraints.get(`${change.table.name}.${change.constraint.name}`)
      : undefined;
  return [
    ...(ofTable === undefined ? [] : [ofTable]),
    ...inRelations.flatMap((name) => relations.get(name) ?? []),
    ...inTypes.flatMap((name) => types.get(name) ?? []),
  ].flatMap(inTheWay);
}

function namesTaken(change: Addition): {
  readonly inRelations: readonly string[];
  readonly inTypes: readonly string[];
} {
  const none: readonly string[] = [];
  switch (change.kind) {
    case "create_table": {
      const { name } = change.table;
      const keys = namesIn({ ...change.table, indexes: [] });
      return { inRelations: [name, ...keys], inTypes: [name] };
    }
    case "create_sequence":
      return { inRelations: [change.sequence.name], inTypes: [change.sequence.name] };
    case "create_type": {
      const names = [change.type.name];
      return { inRelations: change.type.of === "composite" ? names : none, inTypes: names };
    }
    case "add_index":
      return {
        inRelations: change.replacesInvalid ? none : [change.index.name],
        inTypes: none,
      };
    case "add_constraint": {
      const { kind, name } = change.constraint;
      const builds = kind !== "foreign" && kind !== "check" && change.index === null;
      return { inRelations: builds ? [name] : none, inTypes: none };
    }
    case "create_extension":
    case "add_enum_value":
    case "own_sequence":
    case "add_column":
    case "validate_constraint":
    case "set_comment":
      return { inRelations: none, inTypes: none };
  }
}

const isForeign = ({ freedBy }: Occupant): boolean => freedBy === null;

function refused(change: Addition, occupant: Occupant, scope: Scope): Alteration {
  if (change.kind === "add_index" || change.kind === "add_constraint") {
    const { partOf, indexOf } = occupant;
    if (partOf !== null && indexOf === change.table.name) {
      return behindPart(change, partOf, scope);
    }
  }
  if (!isForeign(occupant)) {
    if (change.kind === "add_index") {
      return indexNameTaken(null, change.table, change.index, scope);
    }
    if (change.kind === "add_constraint") {
      return nameTaken(null, change.table, change.constraint, scope);
    }
  }
  const { table, object, sql } = described(change, scope);
  const { provides } = edges(change);
  return alteration({
    operation: "unsupported",
    table,
    object,
    reason: `${occupant.what} has a name that ${object} needs`,
    up: [],
    down: null,
    note: `a person has to rename or drop ${occupant.what}, or choose another name in schema.sql${sql === "" ? "" : `; applied by itself afterwards: ${sql}`}`,
    provides,
  });
}

/** The server made up the part's name, so nothing asks for it. */
function behindPart(
  change: Addition & { kind: "add_index" | "add_constraint" },
  partOf: string,
  scope: Scope,
): Alteration {
  const { table } = change;
  const { name } = change.kind === "add_index" ? change.index : change.constraint;
  const target = qualified(scope.namespace, table.name);
  const part = withSuffix(name, "_part");
  const rename = (from: string, to: string): string =>
    `ALTER INDEX IF EXISTS ${qualified(scope.namespace, from)} RENAME TO ${id(to)}`;
  return alteration({
    operation: change.kind === "add_index" ? "change_index" : "change_constraint",
    table: table.name,
    object: name,
    reason: `the part of the parent's index ${partOf} has that name: it has to make way`,
    up: [rename(name, part)],
    down: [],
    undo: undo({
      first: [
        change.kind === "add_index"
          ? `DROP INDEX IF EXISTS ${qualified(scope.namespace, name)}`
          : `ALTER TABLE ${target} DROP CONSTRAINT IF EXISTS ${id(name)}`,
      ],
      names: [rename(part, name)],
    }),
    note: `applied by itself afterwards: ${described(change, scope).sql}`,
    provides: edges(change).provides,
  });
}

function described(
  change: Addition,
  { namespace }: Scope,
): { readonly table: string | null; readonly object: string; readonly sql: string } {
  switch (change.kind) {
    case "create_table":
      return {
        table: change.table.name,
        object: change.table.name,
        sql: createTable(change.table, namespace),
      };
    case "add_index":
      return {
        table: change.table.name,
        object: change.index.name,
        sql: createIndex(change.index, qualified(namespace, change.table.name)),
      };
    case "add_constraint":
      return {
        table: change.table.name,
        object: change.constraint.name,
        sql: `ALTER TABLE ${qualified(namespace, change.table.name)} ADD ${inlineConstraint(change.constraint)}`,
      };
    case "create_sequence":
      return {
        table: change.sequence.ownedBy?.table ?? null,
        object: change.sequence.name,
        sql: "",
      };
    case "create_type":
      return { table: null, object: change.type.name, sql: "" };
    case "create_extension":
    case "add_enum_value":
    case "own_sequence":
    case "add_column":
    case "validate_constraint":
    case "set_comment":
      return { table: null, object: "", sql: "" };
  }
}

/** What another change frees is taken behind it. */
function behindName(
  change: Alteration,
  { relations }: Occupants,
  freed: ReadonlySet<string>,
): Alteration {
  const { operation, object, provides, needs } = change;
  if (!TAKES_A_NAME.has(operation) || operation === "rename_table") return change;
  const by = relations.get(object)?.freedBy ?? null;
  return by === null || !freed.has(by) || provides.includes(by)
    ? change
    : { ...change, needs: [...needs, by] };
}

/** A rename, or what is made anew under a name, takes one as well. */
function withNote(change: Alteration, { relations }: Occupants, held: NameHolders): Alteration {
  const { operation, table, object } = change;
  if (!TAKES_A_NAME.has(operation)) return change;
  // The live model has the table under its new name.
  const managed = operation === "rename_table" ? undefined : relations.get(object)?.freedBy;
  const occupant =
    held.relations.get(operation === "rename_table" ? (table ?? object) : object) ??
    held.constraints.get(`${table ?? ""}.${object}`);
  if (occupant === undefined || typeof managed === "string") return change;
  const own = `${occupant.what} has that name: a person has to rename or drop it in front of this`;
  return { ...change, note: change.note === null ? own : `${own}; ${change.note}` };
}

const TAKES_A_NAME: ReadonlySet<Alteration["operation"]> = new Set([
  "rename_table",
  "change_index",
  "change_constraint",
  "change_primary_key",
]);
