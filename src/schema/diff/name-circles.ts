/**
 * Indexes and sequences whose names go round in a circle, also from table to table: each makes way for
 * the others under a name of its own before one of them takes its new name. A constraint takes that of
 * its index.
 */
import { key, type Change } from "../changes.js";
import { id, qualified, withSuffix } from "../names.js";
import { undo } from "./alteration.js";
import { circlesAmong } from "./circles.js";

const PARKED = "_dazzle_parked";

export function throughParking(changes: readonly Change[], namespace: string): Change[] {
  const hints = changes.flatMap((change) =>
    change.kind === "alteration" && change.newName !== null ? [change.newName] : [],
  );
  const inCircle = new Set(circlesAmong(hints).flat());
  return changes.map((change) => {
    if (change.kind !== "alteration" || change.newName === null) return change;
    if (!inCircle.has(change.newName)) return change;
    const { from, to, of } = change.newName;
    const rename = (old: string, name: string): string =>
      `ALTER ${of} ${qualified(namespace, old)} RENAME TO ${id(name)}`;
    const parked = withSuffix(from, PARKED);
    // Of an index nothing but its name changes; the rename of a sequence comes in front of its options.
    const rest = (statements: readonly string[]) => (of === "INDEX" ? [] : statements.slice(1));
    return {
      ...change,
      first: [rename(from, parked)],
      up: [rename(parked, to), ...rest(change.up)],
      down: change.down === null ? null : [rename(to, parked), ...rest(change.down)],
      undo: undo({ names: [rename(parked, from)] }),
      // All of them are parked in front of everything else.
      needs: change.needs.filter((name) => name !== key.gone(to)),
    };
  });
}
