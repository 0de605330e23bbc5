/** What a statement creates and is about, as keys: `relation:task`, `type:status`. */
import type { Node } from "@pgsql/types";
import { stringOf, strings } from "./ast.js";

/** Tables count as types too: each brings a row type. */
export function definedNames(node: Node): string[] {
  if ("CreateStmt" in node) {
    const name = node.CreateStmt.relation?.relname ?? "";
    return [`relation:${name}`, `type:${name}`];
  }
  if ("CreateSeqStmt" in node) return [`relation:${node.CreateSeqStmt.sequence?.relname ?? ""}`];
  if ("IndexStmt" in node && node.IndexStmt.idxname !== undefined) {
    return [`relation:${node.IndexStmt.idxname}`];
  }
  if ("CreateEnumStmt" in node) return [`type:${last(node.CreateEnumStmt.typeName)}`];
  if ("CreateDomainStmt" in node) return [`type:${last(node.CreateDomainStmt.domainname)}`];
  if ("CompositeTypeStmt" in node) {
    return [`type:${node.CompositeTypeStmt.typevar?.relname ?? ""}`];
  }
  return [];
}

/** The table, sequence, type or extension that the statement is part of. */
export function subjectOf(node: Node): string {
  if ("CreateStmt" in node) return node.CreateStmt.relation?.relname ?? "";
  if ("AlterTableStmt" in node) return node.AlterTableStmt.relation?.relname ?? "";
  if ("IndexStmt" in node) return node.IndexStmt.relation?.relname ?? "";
  if ("CreateSeqStmt" in node) return node.CreateSeqStmt.sequence?.relname ?? "";
  if ("AlterSeqStmt" in node) return node.AlterSeqStmt.sequence?.relname ?? "";
  if ("CreateEnumStmt" in node) return last(node.CreateEnumStmt.typeName);
  if ("AlterEnumStmt" in node) return last(node.AlterEnumStmt.typeName);
  if ("CreateDomainStmt" in node) return last(node.CreateDomainStmt.domainname);
  if ("AlterDomainStmt" in node) return last(node.AlterDomainStmt.typeName);
  if ("CompositeTypeStmt" in node) return node.CompositeTypeStmt.typevar?.relname ?? "";
  return "CommentStmt" in node
    ? commented(node.CommentStmt.objtype ?? "", node.CommentStmt.object)
    : "";
}

const commented = (objtype: string, object: Node | undefined): string =>
  commentedPath(objtype, object).at(-1) ?? "";

/** With what qualifies it; a comment on a part is one on the whole. */
function commentedPath(objtype: string, object: Node | undefined): string[] {
  if (object === undefined) return [];
  if ("TypeName" in object) return strings(object.TypeName.names);
  if (!("List" in object)) return [stringOf(object) ?? ""];
  const items = object.List.items ?? [];
  const [first] = items;
  if (first !== undefined && "TypeName" in first) return strings(first.TypeName.names);
  const names = strings(items);
  const ofPart = objtype === "OBJECT_COLUMN" || objtype === "OBJECT_TABCONSTRAINT";
  return ofPart ? names.slice(0, -1) : names;
}

const last = (nodes: readonly Node[] | undefined): string => strings(nodes).at(-1) ?? "";

export interface QualifiedName {
  /** With the database's, where that is spelled out. */
  readonly schema: string;
  readonly name: string;
}

/** Names with a schema in places where the tree has no relation: of types, in COMMENT ON and OWNED BY. */
export function qualifiedNamesOf(node: Node): QualifiedName[] {
  const paths = [ownerPath(node) ?? []];
  if ("CreateEnumStmt" in node) paths.push(strings(node.CreateEnumStmt.typeName));
  if ("AlterEnumStmt" in node) paths.push(strings(node.AlterEnumStmt.typeName));
  if ("CreateDomainStmt" in node) paths.push(strings(node.CreateDomainStmt.domainname));
  if ("AlterDomainStmt" in node) paths.push(strings(node.AlterDomainStmt.typeName));
  if ("CommentStmt" in node) {
    paths.push(commentedPath(node.CommentStmt.objtype ?? "", node.CommentStmt.object));
  }
  return paths.flatMap((path) => {
    const name = path.at(-1);
    const schema = path.slice(0, -1).join(".");
    return name === undefined || schema === "" ? [] : [{ schema, name }];
  });
}

/** The table of OWNED BY. */
export const ownerOf = (node: Node): string | null => ownerPath(node)?.at(-1) ?? null;

/** With what qualifies it. */
function ownerPath(node: Node): string[] | null {
  const options =
    "CreateSeqStmt" in node
      ? node.CreateSeqStmt.options
      : "AlterSeqStmt" in node
        ? node.AlterSeqStmt.options
        : undefined;
  for (const option of options ?? []) {
    if (!("DefElem" in option) || option.DefElem.defname !== "owned_by") continue;
    const { arg } = option.DefElem;
    return arg !== undefined && "List" in arg ? strings(arg.List.items).slice(0, -1) : null;
  }
  return null;
}

export function isAboutType(node: Node): boolean {
  if ("AlterEnumStmt" in node || "AlterDomainStmt" in node || altersComposite(node)) return true;
  if (!("CommentStmt" in node)) return false;
  return ["OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_DOMCONSTRAINT"].includes(
    node.CommentStmt.objtype ?? "",
  );
}

/** The grammar has ALTER TYPE ... ADD ATTRIBUTE as an ALTER TABLE. */
export const altersComposite = (node: Node): boolean =>
  "AlterTableStmt" in node && node.AlterTableStmt.objtype === "OBJECT_TYPE";
