/** Foreign keys that stand while the types of their two sides change one after the other. */
import { inlineConstraint } from "../create-sql.js";
import type { Column, Constraint, Table } from "../model.js";
import { id, qualified } from "../names.js";
import { isRetyped } from "./retyped.js";
import type { Scope } from "./scope.js";

interface KeyAcross {
  readonly drop: string;
  readonly add: readonly string[];
  readonly foreign: Constraint;
}

/** Types between which PostgreSQL compares without a cast, so that a key may stand across them. */
const FAMILIES: readonly RegExp[] = [
  /^(?:smallint|integer|bigint)$/,
  /^(?:text|character varying)/,
];

const isOneFamily = (types: readonly string[]): boolean =>
  FAMILIES.some((family) => types.every((type) => family.test(type)));

/** Those that stay as they are, and would not hold between the old type of one side and the new of the other. */
export function keysAcross(table: Table, column: Column, scope: Scope): KeyAcross[] {
  return scope.live.tables.flatMap((other) =>
    other.constraints
      .filter((key) => touches(other, key, table, column.name) && stays(other, key, scope))
      .filter((key) => !isOneFamily(typesOf(other, key, scope)))
      .map((key) => {
        const head = `ALTER TABLE ${qualified(scope.namespace, other.name)}`;
        const name = id(key.name);
        const add = `${head} ADD ${inlineConstraint(key)}`;
        return {
          foreign: key,
          drop: `${head} DROP CONSTRAINT IF EXISTS ${name}`,
          add:
            other.partitioned || !key.validated
              ? [key.validated ? add : `${add} NOT VALID`]
              : [`${add} NOT VALID`, `${head} VALIDATE CONSTRAINT ${name}`],
        };
      }),
  );
}

function touches(other: Table, key: Constraint, table: Table, column: string): boolean {
  if (key.references === null) return false;
  return (
    (other.name === table.name && key.columns.includes(column)) ||
    (key.references.table === table.name && key.references.columns.includes(column))
  );
}

const stays = (other: Table, key: Constraint, scope: Scope): boolean =>
  scope.desired.tables
    .find(({ name }) => name === other.name)
    ?.constraints.some(
      ({ kind, definition }) => kind === "foreign" && definition === key.definition,
    ) === true;

/** Before and after, of both sides, where they change. */
function typesOf(other: Table, key: Constraint, scope: Scope): string[] {
  const of = (name: string, columns: readonly string[]): string[] =>
    [scope.live, scope.desired].flatMap((model) => {
      const table = model.tables.find((item) => item.name === name);
      if (table === undefined) return [];
      return table.columns
        .filter((column) => columns.includes(column.name) && isRetyped(column.name, scope, table))
        .map(({ type }) => type);
    });
  const target = key.references;
  return [...of(other.name, key.columns), ...(target ? of(target.table, target.columns) : [])];
}
