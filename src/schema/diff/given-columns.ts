/**
 * Columns that children and partitions get with their parent's. Nothing adds them by themselves, so
 * what needs one waits for the parent's.
 */
import { key, type Change } from "../changes.js";
import { edges } from "../dependencies.js";
import { givenByParent, parentsOf } from "./parents.js";
import { byName, type Scope } from "./scope.js";

export function behindGivenColumns(changes: readonly Change[], scope: Scope): Change[] {
  const before = byName(scope.live.tables);
  const additions = new Map<string, string>();
  for (const table of scope.desired.tables) {
    const live = before.get(table.name);
    if (live === undefined || parentsOf(table).length === 0) continue;
    const known = byName(live.columns);
    for (const column of table.columns) {
      if (!column.inherited || known.has(column.name)) continue;
      const given = givenByParent(table, column, scope);
      if (given === null) continue;
      additions.set(key.column(table.name, column.name), key.column(given.by, column.name));
    }
  }
  if (additions.size === 0) return [...changes];
  return changes.map((change) => {
    if (!("needs" in change)) return change;
    const more = edges(change).needs.flatMap((name) => additions.get(name) ?? []);
    return more.length === 0 ? change : { ...change, needs: [...change.needs, ...more] };
  });
}
