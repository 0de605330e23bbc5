/**
 * What one statement says by itself, as plain data: without its place in a file and without the
 * syntax tree it was read from. A digest that was kept stands for its statement as long as the text
 * is the same, so that only what changed has to go through the grammar again (memo.ts).
 */
import type { Node } from "@pgsql/types";
import { mentioned, strings, type Found } from "./ast.js";
import { BUILTIN_TYPES } from "./builtin-types.js";
import { splitForeignKeys, type Cut } from "./foreign-keys.js";
import type { StatementKind } from "./rules.js";
import {
  altersComposite,
  definedNames,
  isAboutType,
  ownerOf,
  subjectOf,
  qualifiedNamesOf,
  type QualifiedName,
} from "./subjects.js";

/** All offsets are in the statement's text. */
export interface Digest {
  readonly kind: StatementKind;
  readonly defines: readonly string[];
  readonly subject: string;
  readonly ownedBy: string | null;
  readonly aboutType: boolean;
  /** Tables, indexes and sequences that it mentions. */
  readonly relations: readonly MentionedRelation[];
  /** Other names that come with a schema. */
  readonly qualified: readonly QualifiedName[];
  /** Types that it mentions and that may be the files' own. */
  readonly types: readonly MentionedType[];
  /** Names of constraints and of an index that it spells out. */
  readonly names: readonly string[];
  /** Its relations may be named by the server: sequences of serial columns, indexes of constraints. */
  readonly implied: boolean;
  readonly concurrently: boolean;
  /** Where a name stands of which the tree tells no place. */
  readonly unplaced: Unplaced | null;
  readonly foreignKeys: readonly KeyDigest[];
  /** What is to be taken out of CREATE TABLE with the foreign keys. */
  readonly cuts: readonly Cut[];
}

export interface MentionedRelation {
  readonly name: string;
  readonly schema?: string;
  readonly catalog?: string;
  /** Missing where the tree tells no place. */
  readonly at?: number;
}

export interface MentionedType {
  readonly name: string;
  /** Of a name without a schema. */
  readonly at?: number;
}

/** Behind the word `after`, or for a comment by what it is on. */
export type Unplaced =
  | { readonly after: string }
  | { readonly on: "table constraint" | "domain constraint" }
  | { readonly on: "object"; readonly qualified: boolean };

export interface KeyDigest {
  /** What follows ALTER TABLE name. */
  readonly action: string;
  /** Where it stood. */
  readonly start: number;
  readonly table: string;
  readonly schema?: string;
}

const NAMED_BY_WORD: Readonly<Record<string, string>> = {
  CreateEnumStmt: "type",
  CreateDomainStmt: "domain",
  AlterEnumStmt: "type",
  AlterDomainStmt: "domain",
};

/** `at` turns the tree's byte positions into offsets in `text`. */
export function digestOf(
  node: Node,
  kind: StatementKind,
  text: string,
  at: (byte: number) => number,
): Digest {
  const found = mentioned(node);
  const split =
    "CreateStmt" in node
      ? splitForeignKeys(node.CreateStmt, text, at)
      : { cuts: [], foreignKeys: [] };
  return {
    kind: kind === "alter" && addsForeignKey(node) ? "foreign_key" : kind,
    defines: definedNames(node),
    subject: subjectOf(node),
    ownedBy: ownerOf(node),
    aboutType: isAboutType(node),
    relations: relationsOf(found, at),
    qualified: qualifiedNamesOf(node),
    types: typesOf(found, at),
    names: namesOf(node, found),
    implied:
      "AlterSeqStmt" in node ||
      "CompositeTypeStmt" in node ||
      altersIndex(node) ||
      altersComposite(node),
    concurrently: "IndexStmt" in node && node.IndexStmt.concurrent === true,
    unplaced: unplacedOf(node),
    foreignKeys: split.foreignKeys.map(({ constraint: { pktable }, action, start }) => ({
      action,
      start,
      table: pktable?.relname ?? "",
      ...(pktable?.schemaname === undefined ? {} : { schema: pktable.schemaname }),
    })),
    cuts: split.cuts,
  };
}

function relationsOf({ relations }: Found, at: (byte: number) => number): MentionedRelation[] {
  return relations.map(({ relname, schemaname, catalogname, location }) => ({
    name: relname ?? "",
    ...(schemaname === undefined ? {} : { schema: schemaname }),
    ...(catalogname === undefined ? {} : { catalog: catalogname }),
    ...(location === undefined ? {} : { at: at(location) }),
  }));
}

function typesOf({ types }: Found, at: (byte: number) => number): MentionedType[] {
  return types.flatMap((type): MentionedType[] => {
    const parts = strings(type.names);
    const name = parts.at(-1);
    if (name === undefined || parts[0] === "pg_catalog") return [];
    if (parts.length > 1) return [{ name }];
    if (BUILTIN_TYPES.has(name)) return [];
    return (type.location ?? -1) < 0 ? [{ name }] : [{ name, at: at(type.location ?? 0) }];
  });
}

function namesOf(node: Node, { constraints }: Found): string[] {
  const subject = subjectOf(node);
  const names = constraints.flatMap(({ conname }) =>
    conname === undefined ? [] : [`${subject}.${conname}`],
  );
  if ("IndexStmt" in node && node.IndexStmt.idxname !== undefined) {
    names.push(node.IndexStmt.idxname);
  }
  return names;
}

function unplacedOf(node: Node): Unplaced | null {
  const [kind = ""] = Object.keys(node);
  const after = NAMED_BY_WORD[kind];
  if (after !== undefined) return { after };
  if (!("CommentStmt" in node)) return null;
  const { objtype = "", object } = node.CommentStmt;
  if (objtype === "OBJECT_TABCONSTRAINT") return { on: "table constraint" };
  if (objtype === "OBJECT_DOMCONSTRAINT") return { on: "domain constraint" };
  if (object === undefined || !("List" in object)) return null;
  const plain = objtype === "OBJECT_COLUMN" ? 2 : 1;
  return { on: "object", qualified: (object.List.items?.length ?? 0) > plain };
}

const altersIndex = (node: Node): boolean =>
  "AlterTableStmt" in node && node.AlterTableStmt.objtype === "OBJECT_INDEX";

const addsForeignKey = (node: Node): boolean =>
  "AlterTableStmt" in node &&
  (node.AlterTableStmt.cmds ?? []).some(
    (command) =>
      "AlterTableCmd" in command &&
      command.AlterTableCmd.def !== undefined &&
      "Constraint" in command.AlterTableCmd.def &&
      command.AlterTableCmd.def.Constraint.contype === "CONSTR_FOREIGN",
  );
