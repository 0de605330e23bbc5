/** A table that is there, against what it shall be. */
import type { Change } from "../changes.js";
import type { Table } from "../model.js";
import { diffColumns } from "./columns.js";
import { diffConstraints } from "./constraints.js";
import type { Scope } from "./scope.js";
import { diffIndexes } from "./indexes.js";
import { diffTableSettings } from "./table-settings.js";

export function diffTable(live: Table, desired: Table, scope: Scope): Change[] {
  const constraints = diffConstraints(live, desired, scope);
  return [
    ...diffTableSettings(live, desired, scope),
    ...diffColumns(live, desired, scope),
    ...diffIndexes(live, desired, scope, constraints.indexesUsed),
    ...constraints.changes,
  ];
}
