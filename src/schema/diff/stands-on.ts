/** The keys and unique indexes of the desired state that a foreign key may stand on. */
import { key, type Standing } from "../changes.js";
import type { Constraint } from "../model.js";
import type { Scope } from "./scope.js";

/** As what adds them provides them; one that is there already is provided by nothing. */
function standsOn({ references }: Constraint, { desired }: Scope): string[] {
  const table = desired.tables.find(({ name }) => name === references?.table);
  if (table === undefined || references === null) return [];
  const spelled = (columns: readonly string[]): string => [...columns].sort().join("\n");
  const wanted = spelled(references.columns);
  return [
    ...table.constraints
      .filter(
        ({ kind, columns }) =>
          (kind === "primary" || kind === "unique") && spelled(columns) === wanted,
      )
      .map(({ name }) => key.constraint(table.name, name)),
    ...table.indexes
      .filter(
        ({ unique, columns, definition }) =>
          unique && spelled(columns) === wanted && !definition.includes(" WHERE "),
      )
      .map(({ name }) => key.index(name)),
  ];
}

/** For each statement that brings the foreign key back. */
export const standing = (
  statements: readonly string[],
  foreign: Constraint,
  drop: string,
  scope: Scope,
): [string, Standing][] => {
  const keys = standsOn(foreign, scope);
  return statements.map((sql) => [sql, { keys, drop }]);
};
