/**
 * A foreign key that gets another name while something else of the plan takes it off, because the key
 * that it stands on moves or a type on one of its sides changes: it comes back under the new name.
 */
import { key, type Alteration, type Change } from "../changes.js";
import type { Constraint, Table } from "../model.js";
import { dropSql, replaceConstraint } from "./constraints.js";
import type { Scope } from "./scope.js";

interface Rename {
  readonly change: Alteration;
  readonly table: Table;
  readonly live: Constraint;
  readonly desired: Constraint;
  readonly drop: string;
}

export function withRenamedKeys(changes: readonly Change[], scope: Scope): Change[] {
  const renames = changes.flatMap((change) => renameOf(change, scope) ?? []);
  const takenOff = new Set(
    changes.flatMap((change) => (change.kind === "alteration" ? change.first : [])),
  );
  const moving = renames.filter(({ drop }) => takenOff.has(drop));
  if (moving.length === 0) return [...changes];
  const drops = new Set(moving.map(({ drop }) => drop));
  return changes.map((change) => {
    if (change.kind !== "alteration") return change;
    const rename = moving.find((item) => item.change === change);
    if (rename !== undefined) return addedAnew(rename, scope);
    const last = change.last.filter((sql) => !drops.has(change.standing.get(sql)?.drop ?? ""));
    return last.length === change.last.length ? change : { ...change, last };
  });
}

function renameOf(change: Change, scope: Scope): Rename | null {
  if (change.kind !== "alteration" || change.operation !== "change_constraint") return null;
  const inModel = (tables: readonly Table[]) => tables.find(({ name }) => name === change.table);
  const table = inModel(scope.desired.tables);
  const desired = table?.constraints.find(({ name }) => name === change.object);
  const live = inModel(scope.live.tables)?.constraints.find(({ name }) =>
    change.provides.includes(key.gone(name)),
  );
  if (table === undefined || live === undefined || desired?.kind !== "foreign") return null;
  if (change.first.length > 0) return null;
  return { change, table, live, desired, drop: dropSql(table, live, scope) };
}

const addedAnew = ({ table, live, desired }: Rename, scope: Scope): Alteration => ({
  ...replaceConstraint(table, live, desired, scope),
  reason: `the constraint is there under the name ${live.name}, and something that it stands on changes: it is dropped and added again`,
});
