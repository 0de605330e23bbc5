/**
 * How a statement of a revision finds its work done. A database that was created from the schema files
 * has what these state; and a statement outside a transaction may have been finished by the server
 * after its client was gone. Rows, views and functions are no part of schema files: those statements
 * run as always, and fail as always, but where they name what a revision takes away.
 */
import type { Node } from "@pgsql/types";
import { lex } from "../../schema/lexer.js";
import { SQLSTATE, sqlstateOf } from "../../postgres/sqlstate.js";

export interface Done {
  /** The SQLSTATEs by which the server says so. */
  readonly states: ReadonlySet<string>;
  /** Only where the statement names something that a revision takes away. */
  readonly ifGone: boolean;
}

const MISSING = [SQLSTATE.undefinedTable, SQLSTATE.undefinedColumn];

/** What it takes away is gone, or what it brings is there. */
const STATED_STATES = [
  ...MISSING,
  SQLSTATE.undefinedObject,
  SQLSTATE.duplicateTable,
  SQLSTATE.duplicateColumn,
  SQLSTATE.duplicateObject,
  // A second primary key; an identity that is there already.
  SQLSTATE.invalidTableDefinition,
  SQLSTATE.objectNotInPrerequisiteState,
];

const NEVER: Done = { states: new Set(), ifGone: false };
const NAMES_WHAT_IS_GONE: Done = { states: new Set(MISSING), ifGone: true };
const stated = (...more: readonly string[]): Done => ({
  states: new Set([...STATED_STATES, ...more]),
  ifGone: false,
});

const STATED: ReadonlySet<string> = new Set([
  "CreateStmt",
  "IndexStmt",
  "CreateSeqStmt",
  "AlterSeqStmt",
  "CreateEnumStmt",
  "CompositeTypeStmt",
  "CreateDomainStmt",
  "AlterDomainStmt",
  "CommentStmt",
  "RenameStmt",
]);

const STATED_OBJECTS: ReadonlySet<string> = new Set([
  "OBJECT_TABLE",
  "OBJECT_INDEX",
  "OBJECT_SEQUENCE",
  "OBJECT_TYPE",
  "OBJECT_DOMAIN",
]);

const READS_ROWS: ReadonlySet<string> = new Set([
  "UpdateStmt",
  "DeleteStmt",
  "ViewStmt",
  "CreateTableAsStmt",
]);

export function doneOf(node: Node): Done {
  if ("DropStmt" in node) {
    // A sequence that became its column's identity can't be dropped by itself.
    return STATED_OBJECTS.has(node.DropStmt.removeType ?? "")
      ? stated(SQLSTATE.dependentObjects)
      : NEVER;
  }
  if ("AlterTableStmt" in node) return doneOfAlteration(node.AlterTableStmt.cmds ?? []);
  // A label that has its new name: the old one is no label.
  if ("AlterEnumStmt" in node) return stated(SQLSTATE.invalidParameterValue);
  if ("InsertStmt" in node) {
    const source = node.InsertStmt.selectStmt;
    const given =
      source === undefined ||
      ("SelectStmt" in source && (source.SelectStmt.valuesLists ?? []).length > 0);
    // Rows that the statement itself holds would be lost.
    return given ? NEVER : NAMES_WHAT_IS_GONE;
  }
  const kinds = Object.keys(node);
  if (kinds.some((kind) => READS_ROWS.has(kind))) return NAMES_WHAT_IS_GONE;
  return kinds.some((kind) => STATED.has(kind)) ? stated() : NEVER;
}

export function doneOfAlteration(commands: readonly Node[]): Done {
  const subtypes = commands.map((command) =>
    "AlterTableCmd" in command ? (command.AlterTableCmd.subtype ?? "") : "",
  );
  // Triggers, rules and owners are no part of schema files.
  if (subtypes.some((subtype) => subtype === "" || /Trig|Rule|Owner/.test(subtype))) return NEVER;
  const more: string[] = [];
  // USING speaks of the type that the column had.
  if (subtypes.includes("AT_AlterColumnType")) {
    more.push(SQLSTATE.undefinedFunction, SQLSTATE.datatypeMismatch, SQLSTATE.cannotCoerce);
  }
  // An identity or a generated column has no default to change.
  if (subtypes.includes("AT_ColumnDefault")) more.push(SQLSTATE.syntaxError);
  return stated(...more);
}

/** Names of columns, constraints, tables and the like that a statement removes or gives another name. */
export function takenAway(node: Node): string[] {
  if ("RenameStmt" in node) {
    const { subname, relation } = node.RenameStmt;
    const name = subname ?? relation?.relname;
    return name === undefined ? [] : [name];
  }
  if ("AlterTableStmt" in node) {
    return (node.AlterTableStmt.cmds ?? []).flatMap((command) => {
      if (!("AlterTableCmd" in command)) return [];
      const { subtype, name } = command.AlterTableCmd;
      const drops = subtype === "AT_DropColumn" || subtype === "AT_DropConstraint";
      return drops && name !== undefined ? [name] : [];
    });
  }
  if (!("DropStmt" in node)) return [];
  return (node.DropStmt.objects ?? []).flatMap((object) => {
    const last = "List" in object ? object.List.items?.at(-1) : undefined;
    return last !== undefined && "String" in last && last.String.sval !== undefined
      ? [last.String.sval]
      : [];
  });
}

/** What a rename takes away and what a statement brings, as `table a` and `column a.b`. */
export interface Movements {
  readonly renames: string | null;
  readonly brings: readonly string[];
}

export function movementsOf(node: Node): Movements {
  const none: Movements = { renames: null, brings: [] };
  if ("RenameStmt" in node) {
    const { renameType = "", relation, subname, newname = "" } = node.RenameStmt;
    const table = relation?.relname;
    if (table === undefined) return none;
    const word = PARTS[renameType];
    if (word === undefined) return { renames: `table ${table}`, brings: [`table ${newname}`] };
    return {
      renames: `${word} ${table}.${subname ?? ""}`,
      brings: [`${word} ${table}.${newname}`],
    };
  }
  if ("CreateStmt" in node) {
    const table = node.CreateStmt.relation?.relname ?? "";
    const columns = (node.CreateStmt.tableElts ?? []).flatMap((element) =>
      "ColumnDef" in element ? [`column ${table}.${element.ColumnDef.colname ?? ""}`] : [],
    );
    return { renames: null, brings: [`table ${table}`, ...columns] };
  }
  if (!("AlterTableStmt" in node)) return none;
  const table = node.AlterTableStmt.relation?.relname ?? "";
  const brings = (node.AlterTableStmt.cmds ?? []).flatMap((command) => {
    const def = "AlterTableCmd" in command ? command.AlterTableCmd.def : undefined;
    return def !== undefined && "ColumnDef" in def
      ? [`column ${table}.${def.ColumnDef.colname ?? ""}`]
      : [];
  });
  return { renames: null, brings };
}

const PARTS: Readonly<Record<string, string>> = {
  OBJECT_COLUMN: "column",
  OBJECT_TABCONSTRAINT: "constraint",
};

/** Whether the failure says that the work of a statement is done. */
export function isDone(
  error: unknown,
  { sql, done }: { readonly sql: string; readonly done: Done },
  gone: ReadonlySet<string>,
): boolean {
  if (!done.states.has(sqlstateOf(error) ?? "")) return false;
  return !done.ifGone || lex(sql).some(({ value }) => gone.has(value));
}
