/**
 * Foreign keys that refer to rows through a partitioned table: PostgreSQL lets no partition go while
 * they refer to a row of it, and drops none while they are there.
 */
import type { Alteration } from "../changes.js";
import type { Constraint, Model, Table } from "../model.js";
import { undo } from "./alteration.js";
import { addSteps, dropSql, keptAs } from "./constraints.js";
import { isInherited } from "./leaving.js";
import type { Scope } from "./scope.js";
import { standing } from "./stands-on.js";

interface Referring {
  readonly of: Table;
  readonly foreign: Constraint;
  /** Otherwise another change of the plan takes it away. */
  readonly stays: boolean;
}

function referring(tables: readonly string[], scope: Scope): Referring[] {
  return scope.live.tables.flatMap((of) =>
    of.constraints
      .filter(
        ({ name, references }) =>
          references !== null && tables.includes(references.table) && !isInherited(name, of, scope),
      )
      .map((foreign) => ({ of, foreign, stays: keptAs(of, foreign, scope) !== null })),
  );
}

/** The table, and what it is a partition of. */
export function andAbove(name: string, model: Model): string[] {
  const parent = model.tables.find((table) => table.name === name)?.partitionOf?.parent;
  return [name, ...(parent === undefined ? [] : andAbove(parent, model))];
}

/** The table and its partitions. */
export const andBelow = (name: string, model: Model): string[] => [
  name,
  ...model.tables
    .filter(({ partitionOf }) => partitionOf?.parent === name)
    .flatMap((part) => andBelow(part.name, model)),
];

/** Whether a foreign key shall refer to new partitions themselves. */
export function isReferredTo(fresh: readonly Table[], { desired }: Scope): boolean {
  const names = fresh.flatMap(({ name }) => andBelow(name, desired));
  return desired.tables.some(({ constraints }) =>
    constraints.some(({ references }) => names.includes(references?.table ?? "")),
  );
}

/** They go, and come back behind everything else where they are to stay. */
export function setAside(
  tables: readonly string[],
  scope: Scope,
): Pick<Alteration, "first" | "last" | "standing" | "undo"> {
  const keys = referring(tables, scope);
  const kept = keys
    .filter(({ stays }) => stays)
    .map(({ of, foreign }) => {
      const statements = addSteps(of, foreign, scope);
      return { statements, drop: dropSql(of, foreign, scope), foreign };
    });
  const last = kept.flatMap(({ statements }) => statements);
  return {
    first: keys.map(({ of, foreign }) => dropSql(of, foreign, scope)),
    last,
    standing: new Map(
      kept.flatMap(({ statements, foreign, drop }) => standing(statements, foreign, drop, scope)),
    ),
    undo: undo({ first: kept.map(({ drop }) => drop), references: last }),
  };
}

const namesOf = (keys: readonly Referring[]): string[] => [
  ...new Set(keys.filter(({ stays }) => stays).map(({ of }) => of.name)),
];

/** Tables whose foreign keys to these are to stay. */
export const referringTables = (tables: readonly string[], scope: Scope): string[] =>
  namesOf(referring(tables, scope));

interface Hold {
  /** Keys whose tables or they themselves go by the same plan. */
  readonly first: readonly string[];
  /** Whether keys remain which know the partition. */
  readonly isHeld: boolean;
  readonly note: string | null;
}

/** What keeps a partition from leaving what it is a part of. */
export function holdOf(part: Table, scope: Scope): Hold {
  const parent = part.partitionOf?.parent;
  const keys = parent === undefined ? [] : referring(andAbove(parent, scope.live), scope);
  const stay = keys.filter(({ stays }) => stays);
  const tables = namesOf(stay).join(", ");
  return {
    first: keys.filter(({ stays }) => !stays).map(({ of, foreign }) => dropSql(of, foreign, scope)),
    isHeld: stay.length > 0,
    note:
      stay.length === 0
        ? null
        : `rows of ${tables} that refer to rows of ${part.name} make it fail: a person has to change or delete them first`,
  };
}
