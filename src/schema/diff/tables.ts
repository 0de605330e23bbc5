/** A table that is there, against what it shall be. */
import { key, type Change } from "../changes.js";
import type { Table } from "../model.js";
import { diffColumns } from "./columns.js";
import { diffConstraints } from "./constraints.js";
import type { Scope } from "./scope.js";
import { diffIndexes } from "./indexes.js";
import { checksToInherit, leavesParent } from "./parents.js";
import { diffTableSettings } from "./table-settings.js";

export function diffTable(live: Table, desired: Table, scope: Scope): Change[] {
  const constraints = diffConstraints(live, desired, scope);
  const parts = [
    ...diffIndexes(live, desired, scope, constraints.indexesUsed),
    ...constraints.changes,
    ...checksToInherit(live, desired, scope).map((constraint): Change => ({
      kind: "add_constraint",
      table: desired,
      constraint,
      onNew: false,
      needs: [],
      index: null,
    })),
  ];
  return [
    ...diffTableSettings(live, desired, scope),
    ...diffColumns(live, desired, scope),
    ...(leavesParent(live, desired) ? parts.map((part) => behindParents(part, desired)) : parts),
  ];
}

/** What the table had from the parent stays with it as its own, and may be what is wanted. */
function behindParents(part: Change, { name }: Table): Change {
  return part.kind === "add_index" || part.kind === "add_constraint"
    ? { ...part, needs: [...part.needs, key.parents(name)] }
    : part;
}
