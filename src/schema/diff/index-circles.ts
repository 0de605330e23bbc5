/**
 * Indexes whose names go round in a circle, also from table to table: each makes way for the others
 * under a name of its own before one of them takes its new name. A constraint takes that of its index.
 */
import type { Change } from "../changes.js";
import { id, qualified, withSuffix } from "../names.js";
import { undo } from "./alteration.js";
import { circlesAmong } from "./circles.js";

const PARKED = "_dazzle_parked";

export function throughParking(changes: readonly Change[], namespace: string): Change[] {
  const hints = changes.flatMap((change) =>
    change.kind === "alteration" && change.indexName !== null ? [change.indexName] : [],
  );
  const inCircle = new Set(circlesAmong(hints).flat());
  const rename = (from: string, to: string): string =>
    `ALTER INDEX ${qualified(namespace, from)} RENAME TO ${id(to)}`;
  return changes.map((change) => {
    if (change.kind !== "alteration" || change.indexName === null) return change;
    if (!inCircle.has(change.indexName)) return change;
    const { from, to } = change.indexName;
    const parked = withSuffix(from, PARKED);
    return {
      ...change,
      first: [rename(from, parked)],
      up: [rename(parked, to)],
      down: [rename(to, parked)],
      undo: undo({ names: [rename(parked, from)] }),
    };
  });
}
