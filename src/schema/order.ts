/** Brings changes into an order in which they can run, and holds back what waits for a person. */
import { key, type Addition, type Alteration, type Change } from "./changes.js";
import {
  createIndex,
  createSequence,
  createTable,
  createType,
  inlineConstraint,
} from "./create-sql.js";
import { edges } from "./dependencies.js";
import { alteration, undo } from "./diff/alteration.js";
import { id, qualified } from "./names.js";
import { sortByNeeds } from "./sort.js";

const RANK: Readonly<Record<Addition["kind"], number>> = {
  create_extension: 0,
  add_enum_value: 1,
  create_type: 2,
  create_sequence: 3,
  create_table: 4,
  add_column: 5,
  own_sequence: 6,
  add_index: 7,
  add_constraint: 8,
  validate_constraint: 9,
  set_comment: 10,
};

const ALTERATION_RANK: Readonly<Partial<Record<Alteration["operation"], number>>> = {
  rename_table: 0,
  rename_column: 1,
  drop_constraint: 2,
  drop_enum_value: 3,
  change_enum: 3,
  change_type: 4,
  change_generated: 5,
  add_not_null_column: 6,
  change_default: 7,
  set_not_null: 8,
  drop_not_null: 8,
  change_identity: 9,
  change_primary_key: 10,
  change_constraint: 11,
  unsupported: 12,
  change_index: 13,
  drop_index: 14,
  drop_column: 15,
  drop_table: 16,
  drop_sequence: 17,
};

const LAST = 18;

export interface Ordered {
  readonly additions: readonly Addition[];
  readonly alterations: readonly Alteration[];
}

/** `changes` as classified; `namespace` for the SQL of what is held back. */
export function order(changes: readonly (Addition | Alteration)[], namespace: string): Ordered {
  const alterations: Alteration[] = [];
  const additions: Addition[] = [];
  for (const change of changes) {
    if (change.kind === "alteration") alterations.push(change);
    else additions.push(change);
  }
  const sorted = sorter(additions.sort((a, b) => RANK[a.kind] - RANK[b.kind]));
  const blocked = new Map<string, Alteration>();
  for (const item of alterations) {
    for (const name of item.provides) if (!blocked.has(name)) blocked.set(name, item);
  }
  const needed = neededHere(alterations, sorted);
  const alone = new Set<string>();
  const free: Addition[] = [];
  const later = new Set<string>();
  for (const addition of sorted) {
    const { needs, provides } = edges(addition);
    const waits = needs.map((name) => blocked.get(name)).find((item) => item !== undefined);
    if (waits === undefined || addition.kind === "add_enum_value") {
      free.push(addition);
      continue;
    }
    const here = isMadeHere(addition) && provides.some((name) => needed.has(name));
    const held = here
      ? createHere(addition, waits, namespace)
      : holdBack(addition, waits, namespace);
    alterations.push(held);
    if (here && !held.transactional) for (const name of provides) alone.add(name);
    if (!here) for (const name of provides) later.add(name);
    for (const name of provides) if (!blocked.has(name)) blocked.set(name, held);
  }
  // A type goes when nothing is left that is made of it.
  const dropsType = ({ provides }: Alteration): boolean =>
    provides.some((name) => name.startsWith(key.goneType("")));
  const rank = (item: Alteration): number =>
    dropsType(item) ? LAST : (ALTERATION_RANK[item.operation] ?? 12);
  return {
    additions: free,
    alterations: sorter(
      standingLater(alterations, later)
        .map((item) =>
          item.needs.some((name) => alone.has(name)) ? { ...item, transactional: false } : item,
        )
        .sort((a, b) => rank(a) - rank(b)),
    ),
  };
}

/**
 * A foreign key that can stand on nothing but what the next apply adds comes back with that, and on
 * the way back goes in front of it.
 */
function standingLater(
  alterations: readonly Alteration[],
  later: ReadonlySet<string>,
): Alteration[] {
  const drops = new Map<string, string[]>();
  const shortened = alterations.map((item): Alteration => {
    const last = item.last.filter((sql) => {
      const { keys = [], drop = "" } = item.standing.get(sql) ?? {};
      if (keys.length === 0 || !keys.every((name) => later.has(name))) return true;
      for (const name of keys) drops.set(name, [...(drops.get(name) ?? []), drop]);
      return false;
    });
    if (last.length === item.last.length) return item;
    const own =
      "foreign keys on a key that the next apply adds are dropped here and added again by it, behind that key";
    return { ...item, last, note: item.note === null ? own : `${own}; ${item.note}` };
  });
  return shortened.map((item) => {
    const first = item.provides.flatMap((name) => drops.get(name) ?? []);
    return first.length === 0
      ? item
      : { ...item, undo: { ...item.undo, first: [...first, ...item.undo.first] } };
  });
}

const sorter = <T extends Change>(changes: readonly T[]): T[] =>
  sortByNeeds(changes.map((item) => ({ item, ...edges(item) })));

type MadeHere = Addition & { kind: "create_sequence" | "create_type" };

const isMadeHere = (addition: Addition): addition is MadeHere =>
  addition.kind === "create_sequence" || addition.kind === "create_type";

/** What the changes of the revision stand on, and what types that they stand on are made of. */
function neededHere(
  alterations: readonly Alteration[],
  sorted: readonly Addition[],
): ReadonlySet<string> {
  const needed = new Set(alterations.flatMap(({ needs }) => needs));
  for (const addition of [...sorted].reverse()) {
    const { provides, needs } = edges(addition);
    if (!isMadeHere(addition) || !provides.some((name) => needed.has(name))) continue;
    for (const name of needs) needed.add(name);
  }
  return needed;
}

/** A sequence or type that waits for its name, and that a change of the same revision stands on. */
function createHere(addition: MadeHere, waits: Alteration, namespace: string): Alteration {
  const by = (what: string): string =>
    `it waits for ${waits.operation} ${waits.object}, which has its name, and ${what} needs it: created behind the one and in front of the other`;
  const base = {
    operation: "unsupported",
    transactional: waits.transactional,
    ...edges(addition),
  } as const;
  if (addition.kind === "create_type") {
    const { type } = addition;
    return alteration({
      ...base,
      table: null,
      object: type.name,
      reason: by("a column"),
      up: [createType(type, namespace)],
      down: [`DROP ${type.of === "domain" ? "DOMAIN" : "TYPE"} ${qualified(namespace, type.name)}`],
    });
  }
  const { sequence } = addition;
  return alteration({
    ...base,
    table: sequence.ownedBy?.table ?? null,
    object: sequence.name,
    reason: by("a default"),
    up: [createSequence(sequence, namespace)],
    down: null,
  });
}

/** An addition that needs something which waits for a person becomes part of that decision. */
function holdBack(addition: Addition, waits: Alteration, namespace: string): Alteration {
  const reason = `held back: it waits for ${waits.operation} ${waits.table === null || waits.table === waits.object ? "" : `${waits.table}.`}${waits.object}; the next apply adds it after that`;
  const { provides, needs } = edges(addition);
  const elsewhere = { by: "next apply", addition } as const;
  const base = { reason, up: [], down: null, provides, needs, elsewhere };
  switch (addition.kind) {
    case "add_index":
      return alteration({
        ...base,
        operation: "change_index",
        table: addition.table.name,
        object: addition.index.name,
        note: `applied by itself afterwards: ${createIndex(addition.index, qualified(namespace, addition.table.name))}`,
        undo: undoingUnless(
          needs.includes(key.parents(addition.table.name)),
          `DROP INDEX IF EXISTS ${qualified(namespace, addition.index.name)}`,
        ),
      });
    case "add_constraint":
    case "validate_constraint":
      return alteration({
        ...base,
        operation:
          addition.constraint.kind === "primary" ? "change_primary_key" : "change_constraint",
        table: addition.table.name,
        object: addition.constraint.name,
        note: `applied by itself afterwards: ALTER TABLE ${qualified(namespace, addition.table.name)} ADD ${inlineConstraint(addition.constraint)}`,
        undo: undoingUnless(
          needs.includes(key.parents(addition.table.name)),
          `ALTER TABLE ${qualified(namespace, addition.table.name)} DROP CONSTRAINT IF EXISTS ${id(addition.constraint.name)}`,
        ),
      });
    case "create_table":
      return alteration({
        ...base,
        operation: "unsupported",
        table: addition.table.name,
        object: addition.table.name,
        note: `applied by itself afterwards: ${createTable(addition.table, namespace)}`,
      });
    case "add_column":
      return alteration({
        ...base,
        operation: "unsupported",
        table: addition.table.name,
        object: addition.column.name,
        note: "the column is added by itself afterwards",
      });
    case "create_extension":
    case "create_type":
    case "add_enum_value":
    case "create_sequence":
    case "own_sequence":
    case "set_comment":
      return alteration({
        ...base,
        operation: "unsupported",
        table: tableOf(addition),
        object: objectOf(addition),
        note: "applied by itself afterwards",
      });
  }
}

/** What the table keeps from a parent was not added, and is the parent's again on the way back. */
const undoingUnless = (kept: boolean, sql: string) => undo({ first: kept ? [] : [sql] });

function tableOf(addition: Addition): string | null {
  if (addition.kind === "set_comment") return addition.table;
  return "sequence" in addition ? (addition.sequence.ownedBy?.table ?? null) : null;
}

function objectOf(
  addition: Exclude<
    Addition,
    { kind: "add_index" | "add_constraint" | "validate_constraint" | "create_table" | "add_column" }
  >,
): string {
  switch (addition.kind) {
    case "create_extension":
      return addition.extension.name;
    case "create_type":
      return addition.type.name;
    case "add_enum_value":
      return addition.type;
    case "create_sequence":
    case "own_sequence":
      return addition.sequence.name;
    case "set_comment":
      return addition.object;
  }
}
