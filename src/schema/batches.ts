/**
 * Cuts what has to be created in scratch into batches, because every scratch object holds a lock
 * until it is rolled back and the server's lock table is shared with everyone.
 */
import type { Unit } from "./units.js";

export interface Batch {
  /** What is to be read back. */
  readonly wanted: readonly Unit[];
  /** What those build on, created without foreign keys. */
  readonly support: readonly Unit[];
}

/** Locks that a unit's statements take: the table with its toast table and index, and per index and key. */
function weigh({ statements }: Unit): number {
  let locks = 2;
  for (const { kind, sql } of statements) {
    if (kind === "table")
      locks += 5 + 2 * (sql.match(/\b(?:unique|primary|serial|exclude)\b/gi)?.length ?? 0);
    else locks += 2;
  }
  return locks;
}

/** `limit` locks at most in each, as far as one unit and its needs stay below it. */
export function cutBatches(wanted: readonly Unit[], all: readonly Unit[], limit: number): Batch[] {
  const units = new Map(all.map((unit) => [unit.key, unit]));
  const batches: Batch[] = [];
  let open = new Map<string, Unit>();
  let support = new Map<string, Unit>();
  let weight = 0;
  const close = (): void => {
    if (open.size === 0) return;
    batches.push({
      wanted: [...open.values()],
      support: [...support.values()].filter(({ key }) => !open.has(key)),
    });
    open = new Map();
    support = new Map();
    weight = 0;
  };
  for (const unit of wanted) {
    const needs = supportOf(unit, units);
    const fresh = [unit, ...needs].filter(({ key }) => !open.has(key) && !support.has(key));
    const more = fresh.reduce((sum, item) => sum + weigh(item), 0);
    if (open.size > 0 && weight + more > limit) {
      close();
      weight = [unit, ...needs].reduce((sum, item) => sum + weigh(item), 0);
    } else weight += more;
    open.set(unit.key, unit);
    for (const item of needs) support.set(item.key, item);
  }
  close();
  return batches;
}

/** What a unit needs, and what that needs; foreign keys' targets without their own foreign keys. */
function supportOf(unit: Unit, units: ReadonlyMap<string, Unit>): Unit[] {
  const found = new Map<string, Unit>();
  const visit = (key: string): void => {
    const other = units.get(key);
    if (other === undefined || found.has(key) || key === unit.key) return;
    found.set(key, other);
    for (const need of other.needs) visit(need);
  };
  for (const key of [...unit.needs, ...unit.targets]) visit(key);
  return [...found.values()];
}
