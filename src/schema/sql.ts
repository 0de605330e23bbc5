/** Additions as steps: the SQL, its lock, and the timeouts under which it runs. */
import type { Addition } from "./changes.js";
import { columnSteps } from "./column-steps.js";
import { constraintSteps, validateStep } from "./constraint-steps.js";
import {
  afterCreate,
  createExtension,
  createSequence,
  createTable,
  createType,
} from "./create-sql.js";
import { indexSteps } from "./index-steps.js";
import type { Table } from "./model.js";
import { id, literal, qualified } from "./names.js";
import { step } from "./step.js";
import type { Facts, LockLevel, Step } from "./steps.js";

/** `isNew` says whether a table, type or sequence is created by the same plan. */
export function stepsFor(
  addition: Addition,
  facts: Facts,
  isNew: (table: string) => boolean,
): Step[] {
  const { namespace } = facts;
  switch (addition.kind) {
    case "create_extension": {
      const { extension } = addition;
      return [
        step(facts, {
          operation: "create_extension",
          object: extension.name,
          sql: createExtension(extension, namespace),
          statementMs: 60_000,
        }),
      ];
    }
    case "create_type":
      return [
        step(facts, {
          operation: "create_enum",
          object: addition.type.name,
          sql: createType(addition.type, namespace),
          grouped: true,
        }),
      ];
    case "add_enum_value": {
      const { type, value, before } = addition;
      const place = before === null ? "" : ` BEFORE ${literal(before)}`;
      return [
        step(facts, {
          operation: "add_enum_value",
          object: `${type}.${value}`,
          sql: `ALTER TYPE ${qualified(namespace, type)} ADD VALUE IF NOT EXISTS ${literal(value)}${place}`,
        }),
      ];
    }
    case "create_sequence":
      return [
        step(facts, {
          operation: "create_sequence",
          table: addition.sequence.ownedBy?.table ?? null,
          object: addition.sequence.name,
          sql: createSequence(addition.sequence, namespace),
          grouped: true,
        }),
      ];
    case "own_sequence": {
      const { name, ownedBy } = addition.sequence;
      if (ownedBy === null) return [];
      return [
        step(facts, {
          operation: "create_sequence",
          table: ownedBy.table,
          object: name,
          sql: `ALTER SEQUENCE ${qualified(namespace, name)} OWNED BY ${qualified(namespace, ownedBy.table)}.${id(ownedBy.column)}`,
          grouped: isNew(ownedBy.table),
          lock: addition.adopts ? "SHARE ROW EXCLUSIVE" : "NONE",
        }),
      ];
    }
    case "create_table": {
      const { table } = addition;
      const lock = lockOfParents(table, isNew);
      return [createTable(table, namespace), ...afterCreate(table, namespace)].map((sql, at) =>
        step(facts, {
          operation: "create_table",
          table: table.name,
          object: table.name,
          sql,
          grouped: lock === "NONE",
          lock: at === 0 ? lock : "NONE",
        }),
      );
    }
    case "add_column":
      return columnSteps(addition.table, addition.column, facts);
    case "add_index":
      return indexSteps(addition, facts);
    case "add_constraint":
      return constraintSteps(addition, facts, isNew);
    case "validate_constraint":
      return [validateStep(addition.table, addition.constraint, facts, [])];
    case "set_comment": {
      const isOnNew = addition.table !== null && isNew(addition.table);
      const isNewSequence = addition.target.startsWith("SEQUENCE ") && isNew(addition.object);
      const ofNewType = addition.table === null && isNew(addition.object.split(".")[0] ?? "");
      return [
        step(facts, {
          operation: "set_comment",
          table: addition.table,
          object: addition.object,
          sql: `COMMENT ON ${addition.target} IS ${literal(addition.comment)}`,
          lock:
            isOnNew || isNewSequence || ofNewType || LOCKED_BY_NONE.test(addition.target)
              ? "NONE"
              : "SHARE UPDATE EXCLUSIVE",
          grouped: isOnNew,
        }),
      ];
    }
  }
}

/** A comment on one of these locks no relation, the constraint's table included. */
const LOCKED_BY_NONE = /^(?:TYPE|DOMAIN|EXTENSION|CONSTRAINT) /;

/** A partition holds up every query on its parent while it is made, a child only what changes the parent. */
function lockOfParents(
  { partitionOf, inherits }: Table,
  isNew: (table: string) => boolean,
): LockLevel {
  if (partitionOf !== null && !isNew(partitionOf.parent)) return "ACCESS EXCLUSIVE";
  return inherits.some((parent) => !isNew(parent)) ? "SHARE UPDATE EXCLUSIVE" : "NONE";
}
