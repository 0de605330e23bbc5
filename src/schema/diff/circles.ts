/**
 * Hints that give names round in a circle: `a int -- was: b, b int -- was: a`. They stay in the files
 * when the rename is done, and then neither the names nor, where all are of one type, the columns tell
 * it. Columns keep their places for life, so an apply notes the order in which those of a circle stand
 * once it is done. Tables have no order: of those that are alike a person has to say it.
 */
import type { Model } from "../model.js";
import type { Rename } from "../statement.js";

export interface Hint {
  readonly from: string;
  readonly to: string;
}

export type Verdict = "done" | "outstanding" | "unknown";

/** A circle as an apply notes it. */
export interface Circle {
  /** Null: of tables. */
  readonly table: string | null;
  /** Old name and new, sorted. */
  readonly names: readonly (readonly [from: string, to: string])[];
  /** The new names in the order in which they stand once it is done; empty: nothing tells it. */
  readonly done: readonly string[];
}

/** What is known from the last apply. */
export interface Memory {
  /** Null: it noted none, as an older version that took circles for done. */
  readonly circles: readonly Circle[] | null;
  /** Columns of the tables, in their order, as it left them; what is not in it is not known. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

export const NO_MEMORY: Memory = { circles: [], columns: new Map() };

export interface Place {
  /** Null: of tables. */
  readonly table: string | null;
  /** Names as they are, in their order. */
  readonly live: readonly string[];
  readonly desired: readonly string[];
  /** Names as the last apply left them, in their order; empty: not known. */
  readonly before: readonly string[];
  /** How what shall have the name `to` is like what has the name `from`: more is more alike. */
  readonly likeness: (to: string, from: string) => number;
}

/** From the first hint on, each followed by the one that frees its old name; empty when it ends. */
export function circleAt(hints: readonly Hint[]): Hint[] {
  const circle: Hint[] = [];
  let next = hints[0];
  while (next !== undefined && !circle.includes(next)) {
    circle.push(next);
    const { from } = next;
    next = hints.find(({ to }) => to === from);
  }
  return next === circle[0] ? circle : [];
}

export function judgeCircle(
  circle: readonly Hint[],
  place: Place,
  memory: Pick<Memory, "circles">,
): Verdict {
  const { table, live, desired, likeness } = place;
  const sum = (of: (hint: Hint) => number): number =>
    circle.reduce((total, hint) => total + of(hint), 0);
  const renamed = sum(({ to, from }) => likeness(to, from));
  const done = sum(({ to }) => likeness(to, to));
  if (renamed !== done) return renamed > done ? "outstanding" : "done";
  const order = inOrder(live, circle);
  if (memory.circles === null) return byOrder(circle, order, inOrder(desired, circle));
  const names = namesOf(circle);
  const noted = memory.circles.find(
    (other) => other.table === table && same(other.names.flat(), names.flat()),
  );
  if (table === null) return (noted?.done.length ?? 0) > 0 ? "done" : "unknown";
  if (noted !== undefined) {
    if (same(noted.done, order)) return "done";
    return same(noted.done, moved(order, circle)) ? "outstanding" : "unknown";
  }
  const before = inOrder(place.before, circle);
  if (same(before, order)) return "outstanding";
  return same(moved(before, circle), order) ? "done" : "unknown";
}

/** As the circles of the schema files are, to be noted; what is yet to be created is made as stated. */
export function noteCircle(
  circle: readonly Hint[],
  place: Place,
  memory: Pick<Memory, "circles">,
): Circle[] {
  const names = namesOf(circle);
  const note = (done: readonly string[]): Circle[] => [{ table: place.table, names, done }];
  const order = inOrder(place.live, circle);
  if (order.length === 0) return note(inOrder(place.desired, circle));
  if (order.length < circle.length) return [];
  const verdict = judgeCircle(circle, place, memory);
  if (verdict === "unknown") return note([]);
  if (verdict === "done") return note(order);
  return note(place.table === null ? [] : moved(order, circle));
}

/** What an older version went by. */
function byOrder(
  circle: readonly Hint[],
  order: readonly string[],
  desired: readonly string[],
): Verdict {
  return !same(desired, order) && same(moved(order, circle), desired) ? "outstanding" : "done";
}

const namesOf = (circle: readonly Hint[]): Circle["names"] =>
  circle.map(({ from, to }) => [from, to] as const).sort(([a], [b]) => (a < b ? -1 : 1));

const inOrder = (names: readonly string[], circle: readonly Hint[]): string[] =>
  names.filter((name) => circle.some(({ from }) => from === name));

const moved = (names: readonly string[], circle: readonly Hint[]): string[] =>
  names.map((name) => circle.find(({ from }) => from === name)?.to ?? name);

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((name, at) => name === other[at]);

/** Every circle among hints. */
export function circlesAmong(hints: readonly Hint[]): Hint[][] {
  let open = hints.filter(({ from, to }) => from !== to);
  const found: Hint[][] = [];
  while (open.length > 0) {
    const [first] = open;
    const circle = circleAt(open);
    if (circle.length > 1) found.push(circle);
    open = open.filter((hint) => hint !== first && !circle.includes(hint));
  }
  return found;
}

/** The columns of each table, in their order. */
export const columnOrders = (model: Pick<Model, "tables"> | null): Memory["columns"] =>
  new Map(
    (model?.tables ?? []).map(({ name, columns }) => [name, columns.map((column) => column.name)]),
  );

export const tableHints = (renames: readonly Rename[]): Hint[] =>
  renames.flatMap(({ table, column, from }) => (column === null ? [{ from, to: table }] : []));

export const columnHints = (renames: readonly Rename[], of: string): Hint[] =>
  renames.flatMap(({ table, column, from }) =>
    table === of && column !== null ? [{ from, to: column }] : [],
  );
