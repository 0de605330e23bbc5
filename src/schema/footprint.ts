/**
 * What statements of a revision hold and do, by PostgreSQL's rules: the lock on relations that others
 * use, and the tables whose rows they read or write. Pure: worked out from the statements' own trees,
 * so that it cannot part from them. A kind of statement without a rule counts as unknown.
 */
import type { Node } from "@pgsql/types";
import { mentioned, strings } from "./ast.js";
import { ofCommand } from "./footprint-alter.js";
import {
  just,
  reads,
  writes,
  type Footprint,
  type Made,
  type Surroundings,
} from "./footprint-parts.js";
import { strongest, type LockLevel } from "./steps.js";

/** Of each statement, in order; null for one of an unknown kind. */
export function footprints(
  statements: readonly (Node | null)[],
  around: Surroundings,
): (Footprint | null)[] {
  const made: Made = {
    tables: new Set(),
    checks: new Map(),
    proven: new Set(),
    dropped: new Set(),
  };
  return statements.map((node) => {
    const found = node === null ? null : footprintOf(node, around, made);
    if (found === null) return null;
    return { ...found, deeds: found.deeds.filter(({ table }) => !made.tables.has(table)) };
  });
}

function footprintOf(node: Node, around: Surroundings, made: Made): Footprint | null {
  if ("AlterTableStmt" in node) {
    const { relation, cmds = [], objtype } = node.AlterTableStmt;
    const parts = cmds.flatMap((cmd) =>
      "AlterTableCmd" in cmd ? [ofCommand(cmd.AlterTableCmd, relation, around, made)] : [],
    );
    // An index, a sequence and a composite type have no rows.
    const deeds = objtype === "OBJECT_TABLE" ? parts.flatMap((part) => part.deeds) : [];
    return just(strongest(parts.map(({ lock }) => lock)), deeds);
  }
  if ("RenameStmt" in node) return just(RENAMED[node.RenameStmt.renameType ?? ""] ?? "NONE");
  if ("DropStmt" in node) {
    const { removeType = "", concurrent, objects = [] } = node.DropStmt;
    if (removeType === "OBJECT_TYPE") {
      const names = objects.flatMap((item) =>
        "TypeName" in item ? (strings(item.TypeName.names).at(-1) ?? []) : [],
      );
      return just(names.some(around.isComposite) ? "ACCESS EXCLUSIVE" : "NONE");
    }
    return just(concurrent === true ? "SHARE UPDATE EXCLUSIVE" : (DROPPED[removeType] ?? "NONE"));
  }
  if ("IndexStmt" in node) {
    const { concurrent, relation } = node.IndexStmt;
    const alone = relation?.inh !== true && around.isPartitioned(relation?.relname ?? "");
    return just(
      concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "SHARE",
      alone ? [] : reads(relation?.relname),
    );
  }
  if ("CreateStmt" in node) {
    const { relation, inhRelations = [], partbound } = node.CreateStmt;
    if (relation?.relname !== undefined) made.tables.add(relation.relname);
    if (inhRelations.length === 0) return just("NONE");
    if (partbound === undefined) return just("SHARE UPDATE EXCLUSIVE");
    const fallback = inhRelations.flatMap((parent) =>
      "RangeVar" in parent ? (around.defaultOf(parent.RangeVar.relname ?? "") ?? []) : [],
    );
    return just("ACCESS EXCLUSIVE", fallback.flatMap(reads));
  }
  if ("AlterDomainStmt" in node) {
    const { subtype, typeName, def } = node.AlterDomainStmt;
    const constraint = def !== undefined && "Constraint" in def ? def.Constraint : undefined;
    const tests =
      subtype === "O" ||
      subtype === "V" ||
      (subtype === "C" && constraint?.skip_validation !== true);
    const tables = tests ? around.holders(strings(typeName).at(-1) ?? "") : [];
    return just(tables.length === 0 ? "NONE" : "SHARE", tables.flatMap(reads));
  }
  if ("AlterSeqStmt" in node) return just("SHARE ROW EXCLUSIVE");
  if ("CommentStmt" in node) {
    const type = node.CommentStmt.objtype ?? "";
    return just(COMMENTED.has(type) ? "SHARE UPDATE EXCLUSIVE" : "NONE");
  }
  if ("UpdateStmt" in node) return just("ROW EXCLUSIVE", writes(node.UpdateStmt.relation));
  if ("InsertStmt" in node) {
    // Rows that move from one table to another.
    const { ctes = [] } = node.InsertStmt.withClause ?? {};
    return just(
      "ROW EXCLUSIVE",
      ctes.flatMap((cte) => {
        const query = "CommonTableExpr" in cte ? cte.CommonTableExpr.ctequery : undefined;
        return query !== undefined && "DeleteStmt" in query
          ? writes(query.DeleteStmt.relation)
          : [];
      }),
    );
  }
  if ("SelectStmt" in node) {
    const { calls, relations, columns } = mentioned(node);
    const searched = relations.filter(
      ({ relname = "" }) => !columns.some((column) => around.isLed(relname, column)),
    );
    return just(
      calls.includes("setval") ? "ROW EXCLUSIVE" : "NONE",
      searched.flatMap(({ relname }) => reads(relname)),
    );
  }
  return Object.keys(node).some((kind) => TOUCHES_NOTHING.has(kind)) ? just("NONE") : null;
}

const RENAMED: Readonly<Record<string, LockLevel>> = {
  OBJECT_TABLE: "ACCESS EXCLUSIVE",
  OBJECT_COLUMN: "ACCESS EXCLUSIVE",
  OBJECT_ATTRIBUTE: "ACCESS EXCLUSIVE",
  OBJECT_TABCONSTRAINT: "ACCESS EXCLUSIVE",
  OBJECT_SEQUENCE: "ACCESS EXCLUSIVE",
  OBJECT_INDEX: "SHARE UPDATE EXCLUSIVE",
};

const DROPPED: Readonly<Record<string, LockLevel>> = {
  OBJECT_TABLE: "ACCESS EXCLUSIVE",
  OBJECT_INDEX: "ACCESS EXCLUSIVE",
  OBJECT_SEQUENCE: "ACCESS EXCLUSIVE",
};

const COMMENTED: ReadonlySet<string> = new Set([
  "OBJECT_TABLE",
  "OBJECT_COLUMN",
  "OBJECT_INDEX",
  "OBJECT_SEQUENCE",
]);

const TOUCHES_NOTHING: ReadonlySet<string> = new Set([
  "CreateSeqStmt",
  "CreateEnumStmt",
  "CompositeTypeStmt",
  "CreateDomainStmt",
  "AlterEnumStmt",
  "CreateExtensionStmt",
]);
