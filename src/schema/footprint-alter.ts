/** The rules of footprint.ts for the commands of ALTER TABLE and its like. Pure. */
import type { AlterTableCmd, AlterTableType, Constraint, Node, RangeVar } from "@pgsql/types";
import { stringOf } from "./ast.js";
import type { Retyped } from "./changes.js";
import {
  just,
  reads,
  type Deed,
  type Footprint,
  type Made,
  type Surroundings,
} from "./footprint-parts.js";
import type { LockLevel } from "./steps.js";

/** Those of the others stop every query. */
const WEAKER: Readonly<Partial<Record<AlterTableType, LockLevel>>> = {
  AT_SetStatistics: "SHARE UPDATE EXCLUSIVE",
  AT_SetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetOptions: "SHARE UPDATE EXCLUSIVE",
};

const REWRITES: ReadonlySet<AlterTableType> = new Set<AlterTableType>([
  "AT_SetLogged",
  "AT_SetUnLogged",
  "AT_SetAccessMethod",
  "AT_SetTableSpace",
]);

/** One command of ALTER TABLE, ALTER INDEX, ALTER SEQUENCE or ALTER TYPE. */
export function ofCommand(
  command: AlterTableCmd,
  relation: RangeVar | undefined,
  around: Surroundings,
  made: Made,
): Footprint {
  const { subtype = "AT_AddColumn", def, name = "" } = command;
  const table = relation?.relname ?? "";
  const rule = RULES[subtype];
  if (rule !== undefined) return rule({ table, name, def, around, made });
  return just(
    WEAKER[subtype] ?? "ACCESS EXCLUSIVE",
    REWRITES.has(subtype) ? [{ kind: "rewrites", table }] : [],
  );
}

interface Command {
  readonly table: string;
  /** Of the column or constraint. */
  readonly name: string;
  readonly def: Node | undefined;
  readonly around: Surroundings;
  readonly made: Made;
}

const RULES: Readonly<Partial<Record<AlterTableType, (command: Command) => Footprint>>> = {
  AT_AddColumn: ({ table, def, around }) => just("ACCESS EXCLUSIVE", added(table, def, around)),
  AT_AlterColumnType: ({ table, around }) =>
    just("ACCESS EXCLUSIVE", retyped(table, around.retyped)),
  AT_SetNotNull: ({ table, name, made }) =>
    just("ACCESS EXCLUSIVE", made.proven.has(`${table}.${name}`) ? [] : reads(table)),
  AT_AddConstraint: ({ table, def, made }) =>
    def !== undefined && "Constraint" in def
      ? constrained(table, def.Constraint, made)
      : just("ACCESS EXCLUSIVE"),
  AT_ValidateConstraint: ({ table, name, made }) => {
    const column = made.checks.get(`${table}.${name}`);
    if (column !== undefined) made.proven.add(column);
    return just("SHARE UPDATE EXCLUSIVE", reads(table));
  },
  AT_DropConstraint: ({ table, name, made }) => {
    made.dropped.add(`${table}.${name}`);
    return just("ACCESS EXCLUSIVE");
  },
  // It looks for rows that refer to the partition's.
  AT_DetachPartition: ({ table, def, around, made }) => {
    const keys = around
      .referring(table)
      .filter(({ of, name }) => !made.dropped.has(`${of}.${name}`));
    const deeds = keys.flatMap(({ of }) => reads(of));
    return just("ACCESS EXCLUSIVE", keys.length === 0 ? [] : [...reads(partOf(def)), ...deeds]);
  },
  AT_AttachPartition: ({ table, def, around }) => {
    const fallback = around.defaultOf(table) ?? undefined;
    return just("ACCESS EXCLUSIVE", [...reads(partOf(def)), ...reads(fallback)]);
  },
  AT_SetRelOptions: ({ def }) => just(lockOfOptions(def)),
  AT_ResetRelOptions: ({ def }) => just(lockOfOptions(def)),
};

const partOf = (def: Node | undefined): string | undefined =>
  def !== undefined && "PartitionCmd" in def ? def.PartitionCmd.name?.relname : undefined;

const lockOfOptions = (def: Node | undefined): LockLevel =>
  optionNames(def).every((option) => LIGHT.test(option))
    ? "SHARE UPDATE EXCLUSIVE"
    : "ACCESS EXCLUSIVE";

function added(table: string, def: Node | undefined, around: Surroundings): Deed[] {
  const column = def !== undefined && "ColumnDef" in def ? def.ColumnDef : {};
  const computed = (column.constraints ?? []).some((node) => {
    const { contype, generated_kind } = "Constraint" in node ? node.Constraint : {};
    return (
      contype === "CONSTR_IDENTITY" || (contype === "CONSTR_GENERATED" && generated_kind !== "v")
    );
  });
  return computed || around.computes(table, column.colname ?? "")
    ? [{ kind: "rewrites", table }]
    : [];
}

function retyped(table: string, found: Retyped | null): Deed[] {
  if (found === null || found.rewrites) return [{ kind: "rewrites", table }];
  return found.rebuilds.length + found.tests.length > 0 ? reads(table) : [];
}

function constrained(table: string, constraint: Constraint, made: Made): Footprint {
  const { contype, conname = "", skip_validation, indexname, raw_expr } = constraint;
  if (contype === "CONSTR_FOREIGN") {
    return just("SHARE ROW EXCLUSIVE", skip_validation === true ? [] : reads(table));
  }
  const column = contype === "CONSTR_CHECK" ? columnNotNull(raw_expr) : null;
  if (column !== null) {
    made.checks.set(`${table}.${conname}`, `${table}.${column}`);
    if (skip_validation !== true) made.proven.add(`${table}.${column}`);
  }
  const scans = skip_validation !== true && (indexname ?? "") === "";
  return just("ACCESS EXCLUSIVE", scans ? reads(table) : []);
}

/** The column of `c IS NOT NULL`. */
function columnNotNull(expression: Node | undefined): string | null {
  if (expression === undefined || !("NullTest" in expression)) return null;
  const { arg, nulltesttype } = expression.NullTest;
  if (nulltesttype !== "IS_NOT_NULL" || arg === undefined || !("ColumnRef" in arg)) return null;
  return stringOf(arg.ColumnRef.fields?.at(-1));
}

/** Storage parameters that only vacuum, statistics and new pages heed. Source: reloptions.c. */
const LIGHT =
  /^(?:autovacuum_\w+|log_autovacuum_\w+|vacuum_\w+|fillfactor|toast_tuple_target|parallel_workers|deduplicate_items)$/;

function optionNames(def: Node | undefined): string[] {
  if (def === undefined || !("List" in def)) return [];
  return (def.List.items ?? []).flatMap((item) =>
    "DefElem" in item ? (item.DefElem.defname ?? "") : [],
  );
}
