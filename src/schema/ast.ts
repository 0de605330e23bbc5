/** Small views of the syntax tree. Everything that knows the tree's spelling is here or in rules.ts. */
import type { Constraint, Node, RangeVar, TypeName } from "@pgsql/types";

/** The text of a `String` node. */
export function stringOf(node: Node | undefined): string | null {
  return node !== undefined && "String" in node ? (node.String.sval ?? "") : null;
}

/** The strings of a list of `String` nodes. */
export function strings(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => stringOf(node) ?? []);
}

/** Calls `visit` with every object in `value`. */
function walk(value: object, visit: (node: object) => void): void {
  if (!Array.isArray(value)) visit(value);
  const children: unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const child of children) if (typeof child === "object" && child !== null) walk(child, visit);
}

export interface Found {
  readonly relations: readonly RangeVar[];
  readonly types: readonly TypeName[];
  readonly constraints: readonly Constraint[];
  /** Names of called functions, unqualified. */
  readonly calls: readonly string[];
  /** Names of columns, unqualified. */
  readonly columns: readonly string[];
}

/** Every table, type, constraint, function call and column that a statement mentions. */
export function mentioned(statement: Node): Found {
  const relations: RangeVar[] = [];
  const types: TypeName[] = [];
  const constraints: Constraint[] = [];
  const calls: string[] = [];
  const columns: string[] = [];
  walk(statement, (node) => {
    if (isRangeVar(node)) relations.push(node);
    else if (isTypeName(node)) types.push(node);
    else if (isConstraint(node)) constraints.push(node);
    else if (isCall(node)) calls.push(strings(node.funcname).at(-1) ?? "");
    else if (isColumn(node)) columns.push(...strings(node.fields).slice(-1));
  });
  return { relations, types, constraints, calls, columns };
}

const isRangeVar = (node: object): node is RangeVar =>
  "relname" in node && typeof node.relname === "string" && "location" in node;
const isTypeName = (node: object): node is TypeName => "names" in node && "typemod" in node;
const isConstraint = (node: object): node is Constraint =>
  "contype" in node && typeof node.contype === "string";
const isColumn = (node: object): node is { fields: Node[] } =>
  "fields" in node && Array.isArray(node.fields);
const isCall = (node: object): node is { funcname: Node[] } =>
  "funcname" in node && Array.isArray(node.funcname);
