/** Continues the backfills that an ended run has left: their column is there, but not all of its rows. */
import type { Change } from "../schema/changes.js";
import { backfillRest, notNullCheck } from "../schema/column-steps.js";
import type { Column, Model, Table } from "../schema/model.js";
import type { Backfill, Facts, Step } from "../schema/steps.js";

interface Found {
  readonly table: Table;
  readonly column: Column;
}

function find(model: Model, { table, column }: Backfill): Found | null {
  const foundTable = model.tables.find(({ name }) => name === table);
  const foundColumn = foundTable?.columns.find(({ name }) => name === column);
  return foundTable === undefined || foundColumn === undefined
    ? null
    : { table: foundTable, column: foundColumn };
}

/** Those whose column the database has and the files still ask for. */
export function stillWanted(
  unfinished: readonly Backfill[],
  live: Model,
  desired: Model,
): Backfill[] {
  return unfinished.filter((item) => find(live, item) !== null && find(desired, item) !== null);
}

/** What their steps do anyway is no difference of its own. */
export function withoutUnfinished(
  changes: readonly Change[],
  unfinished: readonly Backfill[],
): Change[] {
  return changes.filter(
    (change) =>
      change.kind !== "alteration" ||
      !unfinished.some(
        (item) =>
          change.table === item.table &&
          ((change.operation === "set_not_null" && change.object === item.column) ||
            (change.operation === "drop_constraint" && change.object === notNullCheck(item))),
      ),
  );
}

export function resumedSteps(
  unfinished: readonly Backfill[],
  desired: Model,
  facts: Facts,
): Step[] {
  return unfinished.flatMap((item) => {
    const found = find(desired, item);
    return found === null ? [] : backfillRest(found.table, found.column, facts);
  });
}
