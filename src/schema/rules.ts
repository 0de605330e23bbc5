/**
 * Which statements schema.sql may hold. It states tables and what belongs to them; whatever else
 * (functions, views, grants, data, transactions, settings) is refused with its place, never
 * ignored. Refusing here is also what keeps a careless file from changing the live database.
 */
import type { AlterTableType, Node } from "@pgsql/types";
import { mentioned } from "./ast.js";

/** What a statement of schema files is. */
export type StatementKind =
  "extension" | "type" | "sequence" | "table" | "alter" | "index" | "foreign_key" | "comment";

const ALTER_TABLE: ReadonlySet<AlterTableType> = new Set<AlterTableType>([
  "AT_AddColumn",
  "AT_ColumnDefault",
  "AT_SetNotNull",
  "AT_SetStatistics",
  "AT_SetOptions",
  "AT_SetStorage",
  "AT_SetCompression",
  "AT_AddIndex",
  "AT_AddConstraint",
  "AT_AddIndexConstraint",
  "AT_ValidateConstraint",
  "AT_AddIdentity",
  "AT_SetLogged",
  "AT_SetUnLogged",
  "AT_SetRelOptions",
  "AT_ReplicaIdentity",
  "AT_EnableRowSecurity",
  "AT_DisableRowSecurity",
  "AT_ForceRowSecurity",
  "AT_NoForceRowSecurity",
  "AT_AttachPartition",
  "AT_AddInherit",
]);

/** Functions whose value a partition bound may hold; they read nothing but their arguments. */
const BOUND_FUNCTIONS = new Set(["make_date", "make_timestamp", "to_date", "date", "int4", "int8"]);

const COMMENTABLE: ReadonlySet<string> = new Set([
  "OBJECT_TABLE",
  "OBJECT_COLUMN",
  "OBJECT_INDEX",
  "OBJECT_SEQUENCE",
  "OBJECT_TYPE",
  "OBJECT_DOMAIN",
  "OBJECT_TABCONSTRAINT",
  "OBJECT_DOMCONSTRAINT",
  "OBJECT_EXTENSION",
]);

/** What a statement is: managed, or why it is refused. */
export type Verdict =
  { readonly kind: StatementKind } | { readonly refused: string; readonly remedy: string };

const refuse = (what: string, remedy = BY_REVISION): Verdict => ({ refused: what, remedy });
const BY_REVISION =
  "schema files cannot hold it; write it as a revision: supervise db revision -m TEXT";

export function judge(node: Node): Verdict {
  if (placesIndex(node)) return refuse("TABLESPACE of an index");
  if ("CreateStmt" in node) {
    const { relation, ofTypename } = node.CreateStmt;
    if (relation?.relpersistence === "t") return refuse("a temporary table", "remove it");
    if (ofTypename !== undefined) return refuse("a typed table (CREATE TABLE ... OF)");
    return { kind: "table" };
  }
  if ("IndexStmt" in node) return { kind: "index" };
  if ("CreateEnumStmt" in node || "CompositeTypeStmt" in node || "CreateDomainStmt" in node) {
    return { kind: "type" };
  }
  if ("CreateSeqStmt" in node) {
    const temporary = node.CreateSeqStmt.sequence?.relpersistence === "t";
    return temporary ? refuse("a temporary sequence", "remove it") : { kind: "sequence" };
  }
  if ("CreateExtensionStmt" in node) return { kind: "extension" };
  if ("AlterSeqStmt" in node) return { kind: "alter" };
  if ("AlterEnumStmt" in node) {
    return node.AlterEnumStmt.oldVal === undefined
      ? { kind: "alter" }
      : refuse("ALTER TYPE ... RENAME VALUE");
  }
  if ("AlterDomainStmt" in node) {
    // T default, N/O (drop/set) not null, C add constraint, V validate; source: gram.y, AlterDomainStmt.
    return ["T", "O", "C", "V"].includes(node.AlterDomainStmt.subtype ?? "")
      ? { kind: "alter" }
      : refuse("this ALTER DOMAIN", "state the domain as it shall be in CREATE DOMAIN");
  }
  if ("AlterTableStmt" in node) return judgeAlterTable(node.AlterTableStmt);
  if ("CommentStmt" in node) {
    const type = node.CommentStmt.objtype ?? "";
    if (COMMENTABLE.has(type)) return { kind: "comment" };
    return refuse(`COMMENT ON ${type.replace("OBJECT_", "").replaceAll("_", " ")}`);
  }
  return refuse(describe(node), remedyFor(node));
}

/** Where an index lies is not compared. */
function placesIndex(node: Node): boolean {
  const elsewhere = (space: string | undefined) => space !== undefined && space !== "pg_default";
  if ("IndexStmt" in node) return elsewhere(node.IndexStmt.tableSpace);
  return (
    ("CreateStmt" in node || "AlterTableStmt" in node) &&
    mentioned(node).constraints.some(({ indexspace }) => elsewhere(indexspace))
  );
}

function judgeAlterTable(statement: { objtype?: string; cmds?: Node[] }): Verdict {
  if (statement.objtype === "OBJECT_TYPE") return judgeAlterType(statement.cmds ?? []);
  if (statement.objtype !== "OBJECT_TABLE" && statement.objtype !== "OBJECT_INDEX") {
    return refuse(`ALTER ${(statement.objtype ?? "").replace("OBJECT_", "")}`);
  }
  for (const command of statement.cmds ?? []) {
    const subtype = "AlterTableCmd" in command ? command.AlterTableCmd.subtype : undefined;
    if (statement.objtype === "OBJECT_INDEX" && subtype === "AT_SetStatistics") {
      return refuse("ALTER INDEX ... SET STATISTICS");
    }
    if (subtype === undefined || !ALTER_TABLE.has(subtype)) {
      const words = (subtype ?? "").replace("AT_", "").replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ");
      return refuse(
        `ALTER TABLE (${words.toLowerCase()})`,
        `${STATES}; a change that it cannot state is a revision: supervise db revision -m TEXT`,
      );
    }
  }
  return { kind: "alter" };
}

function judgeAlterType(commands: readonly Node[]): Verdict {
  const adds = commands.every(
    (command) => "AlterTableCmd" in command && command.AlterTableCmd.subtype === "AT_AddColumn",
  );
  return adds
    ? { kind: "alter" }
    : refuse("this ALTER TYPE", "state the type as it shall be in CREATE TYPE");
}

const STATES = "state the table as it shall be";

/** `CREATE FUNCTION`, `SET`, `COMMIT`: the tree's own name as words. */
function describe(node: Node): string {
  const [name = "statement"] = Object.keys(node);
  if ("CreateFunctionStmt" in node && node.CreateFunctionStmt.is_procedure === true) {
    return "CREATE PROCEDURE";
  }
  if ("TransactionStmt" in node) {
    return (node.TransactionStmt.kind ?? "transaction")
      .replace("TRANS_STMT_", "")
      .replaceAll("_", " ");
  }
  return KNOWN[name] ?? `this statement (${name.replace(/Stmt$/, "")})`;
}

const KNOWN: Readonly<Record<string, string>> = {
  CreateFunctionStmt: "CREATE FUNCTION",
  CreateTrigStmt: "CREATE TRIGGER",
  CreateEventTrigStmt: "CREATE EVENT TRIGGER",
  ViewStmt: "CREATE VIEW",
  CreateTableAsStmt: "CREATE TABLE AS or CREATE MATERIALIZED VIEW",
  CreatePolicyStmt: "CREATE POLICY",
  RuleStmt: "CREATE RULE",
  GrantStmt: "GRANT or REVOKE",
  GrantRoleStmt: "GRANT or REVOKE",
  AlterDefaultPrivilegesStmt: "ALTER DEFAULT PRIVILEGES",
  AlterOwnerStmt: "OWNER TO",
  CreateSchemaStmt: "CREATE SCHEMA",
  CreateRangeStmt: "CREATE TYPE ... AS RANGE",
  DefineStmt: "CREATE AGGREGATE, OPERATOR, TYPE, COLLATION or TEXT SEARCH",
  CreateCastStmt: "CREATE CAST",
  CreateStatsStmt: "CREATE STATISTICS",
  CreateForeignTableStmt: "CREATE FOREIGN TABLE",
  CreateRoleStmt: "CREATE ROLE",
  CreatedbStmt: "CREATE DATABASE",
  DoStmt: "DO",
  CallStmt: "CALL",
  VariableSetStmt: "SET",
  DropStmt: "DROP",
  RenameStmt: "RENAME",
  TruncateStmt: "TRUNCATE",
  SelectStmt: "SELECT",
  InsertStmt: "INSERT",
  UpdateStmt: "UPDATE",
  DeleteStmt: "DELETE",
  MergeStmt: "MERGE",
  CopyStmt: "COPY",
  LockStmt: "LOCK",
  VacuumStmt: "VACUUM or ANALYZE",
  PrepareStmt: "PREPARE",
  ExecuteStmt: "EXECUTE",
  NotifyStmt: "NOTIFY",
};

function remedyFor(node: Node): string {
  if ("TransactionStmt" in node || "VariableSetStmt" in node || "SelectStmt" in node) {
    return "schema files state tables only and never run as a script; remove it";
  }
  if ("CreateSchemaStmt" in node) {
    return "the namespace of [database] is created when it is missing; remove it";
  }
  if ("RenameStmt" in node) return "put `-- was: old_name` behind the column instead";
  if ("DropStmt" in node) return "state what shall be; a drop is a revision: supervise db revision";
  return BY_REVISION;
}

/** A function call in a partition bound that could do more than compute, or null. */
export function hostileBoundCall(calls: readonly string[]): string | null {
  return calls.find((name) => !BOUND_FUNCTIONS.has(name)) ?? null;
}
