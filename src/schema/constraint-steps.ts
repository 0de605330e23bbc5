/** Adding a constraint to a table that is in use: unproven first, then proven under a weak lock. */
import type { Addition } from "./changes.js";
import { indexOfConstraint, inlineConstraint } from "./create-sql.js";
import { concurrentSteps } from "./index-steps.js";
import type { Constraint, Table } from "./model.js";
import { id, qualified } from "./names.js";
import { step } from "./step.js";
import type { Facts, Step } from "./steps.js";

export function constraintSteps(
  { table, constraint, onNew, index }: Addition & { kind: "add_constraint" },
  facts: Facts,
  isNew: (table: string) => boolean,
): Step[] {
  const head = `ALTER TABLE ${qualified(facts.namespace, table.name)}`;
  const base = { operation: "add_constraint", table: table.name, object: constraint.name } as const;
  const target = constraint.references?.table;
  const foreign = constraint.kind === "foreign";
  const add = `${head} ADD ${inlineConstraint(constraint)}`;
  if (onNew) {
    const grouped = target === undefined || isNew(target);
    const sql = constraint.validated ? add : `${add} NOT VALID`;
    return [step(facts, { ...base, sql, grouped, lock: grouped ? "NONE" : "SHARE ROW EXCLUSIVE" })];
  }
  const splits =
    constraint.kind === "check" ||
    (foreign && !(table.partitioned && facts.serverVersionNum < 180000));
  if (splits) {
    const drop = `${head} DROP CONSTRAINT IF EXISTS ${id(constraint.name)}`;
    return [
      step(facts, {
        ...base,
        sql: `${add} NOT VALID`,
        lock: foreign ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE",
      }),
      ...(constraint.validated ? [validateStep(table, constraint, facts, [drop])] : []),
    ];
  }
  const byIndex = table.partitioned ? null : indexOfConstraint(constraint);
  if (byIndex === null) {
    const known = facts.tables.get(table.name) ?? { rows: 0, bytes: 0 };
    return [
      step(facts, {
        ...base,
        sql: add,
        lock: foreign ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE",
        work: { rows: known.rows, bytes: known.bytes },
      }),
    ];
  }
  const build = { name: constraint.name, unique: true, definition: byIndex.definition };
  return [
    ...(index === "ready"
      ? []
      : concurrentSteps(base, table.name, build, index === "invalid", facts)),
    step(facts, {
      ...base,
      sql: `${head} ADD CONSTRAINT ${id(constraint.name)} ${byIndex.attach}`,
      lock: "ACCESS EXCLUSIVE",
    }),
  ];
}

/** In a transaction of its own, later than the one that added it, so that the strong lock is gone. */
export function validateStep(
  table: Table,
  constraint: Constraint,
  facts: Facts,
  cleanup: readonly string[],
): Step {
  const known = facts.tables.get(table.name) ?? { rows: 0, bytes: 0 };
  return step(facts, {
    operation: "validate_constraint",
    table: table.name,
    object: constraint.name,
    sql: `ALTER TABLE ${qualified(facts.namespace, table.name)} VALIDATE CONSTRAINT ${id(constraint.name)}`,
    lock: "SHARE UPDATE EXCLUSIVE",
    statementMs: 0,
    work: { rows: known.rows, bytes: known.bytes },
    cleanup,
  });
}
