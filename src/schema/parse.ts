/**
 * Reads schema files: every statement is recognised, allowed or refused with its place, and
 * prepared to be created in a scratch schema. What the statements mean is left to the server
 * (scratch.ts, introspect.ts); nothing is interpreted here that the server spells itself.
 */
import type { CreateStmt, Node } from "@pgsql/types";
import { mentioned, type Found } from "./ast.js";
import { namespaceEdits, type Names } from "./edits.js";
import { splitForeignKeys, type Cut } from "./foreign-keys.js";
import { parseSource, type RawStatement } from "./grammar.js";
import { id } from "./names.js";
import { readExtension } from "./extensions.js";
import { renameHints } from "./renames.js";
import { hostileBoundCall, judge } from "./rules.js";
import { failAt, openSource, tokenIndex, type SchemaFile, type Source } from "./source.js";
import type {
  Edit,
  ParsedSchema,
  Rename,
  SchemaStatement,
  StatementKind,
  WantedExtension,
} from "./statement.js";
import { definedNames, isAboutType, neededNames, ownerOf, subjectOf } from "./subjects.js";

/** Statements until the loop takes its turn: the server's answers are read beside the parsing. */
const AT_A_TIME = 100;
const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Read extends RawStatement {
  readonly source: Source;
  readonly kind: StatementKind;
  readonly found: Found;
}

/**
 * @throws SuperviseError SCHEMA_INVALID (not SQL, something twice, a name that nothing creates) or
 *   SCHEMA_UNSUPPORTED (SQL that schema files may not hold), with file and line.
 */
export async function parseSchema(
  files: readonly SchemaFile[],
  namespace: string,
): Promise<ParsedSchema> {
  const reads: Read[] = [];
  for (const [index, file] of files.entries()) {
    const source = openSource(file, index);
    for (const raw of await parseSource(source)) {
      reads.push(understand(raw, source));
      if (reads.length % AT_A_TIME === 0) await othersTurn();
    }
  }
  const names = collectNames(reads, namespace);
  const statements: SchemaStatement[] = [];
  const extensions = new Map<string, WantedExtension>();
  const renames: Rename[] = [];
  const explicitNames = new Set<string>();
  for (const [index, read] of reads.entries()) {
    if (index % AT_A_TIME === 0) await othersTurn();
    refuseForeignPlaces(read, names);
    if (readExtension(read.node, extensions)) continue;
    statements.push(...prepare(read, names));
    noteNames(read, explicitNames);
    if ("CreateStmt" in read.node) {
      const { source } = read;
      renames.push(
        ...renameHints(read.node.CreateStmt, source.text, source.tokens, read, source.offset),
      );
    }
  }
  return { statements, extensions: [...extensions.values()], renames, explicitNames };
}

function understand(raw: RawStatement, source: Source): Read {
  const verdict = judge(raw.node);
  if ("refused" in verdict) {
    throw failAt(source, raw.start, "SCHEMA_UNSUPPORTED", verdict.refused, verdict.remedy);
  }
  return { ...raw, source, kind: verdict.kind, found: mentioned(raw.node) };
}

/** Everything that the files create; the same thing twice is an error. */
function collectNames(reads: readonly Read[], namespace: string): Names {
  const relations = new Set<string>();
  const types = new Set<string>();
  for (const { node, source, start } of reads) {
    for (const name of definedNames(node)) {
      const [kind, bare = ""] = splitKey(name);
      const into = kind === "relation" ? relations : types;
      if (into.has(bare)) {
        throw failAt(
          source,
          start,
          "SCHEMA_INVALID",
          `${bare} is created twice`,
          "keep one of the statements",
        );
      }
      into.add(bare);
    }
  }
  return { namespace, relations, types };
}

/** A table elsewhere, or one that nothing creates: running the statement would touch a live object. */
function refuseForeignPlaces(read: Read, names: Names): void {
  const { source, found, node, kind } = read;
  for (const { schemaname, catalogname, relname, location } of found.relations) {
    const at = location === undefined ? read.start : source.offset(location);
    if (catalogname !== undefined || (schemaname !== undefined && schemaname !== names.namespace)) {
      throw failAt(
        source,
        at,
        "SCHEMA_UNSUPPORTED",
        `${schemaname ?? ""}.${relname ?? ""} is outside the namespace ${names.namespace}`,
        "schema files state the namespace of [database]; leave other schemas to a revision",
      );
    }
    // Sequences of serial columns and indexes of constraints are named by the server.
    const implied = "AlterSeqStmt" in node || "CompositeTypeStmt" in node || altersIndex(node);
    if (!implied && relname !== undefined && !names.relations.has(relname)) {
      throw failAt(
        source,
        at,
        "SCHEMA_INVALID",
        `${relname} is not created by the schema files`,
        "create it there too, or move this statement to a revision",
      );
    }
  }
  if (kind !== "table" || !("CreateStmt" in node)) return;
  const call = hostileBoundCall(
    mentioned({ PartitionBoundSpec: node.CreateStmt.partbound ?? {} }).calls,
  );
  if (call !== null) {
    throw failAt(
      source,
      read.start,
      "SCHEMA_UNSUPPORTED",
      `the function ${call} in a partition's bound`,
      "write the value itself",
    );
  }
}

function prepare(read: Read, names: Names): SchemaStatement[] {
  const { node, source, start, end, kind } = read;
  const place = {
    file: source.name,
    fileIndex: source.index,
    line: source.line(start),
    start,
  };
  const text = source.text.slice(start, end);
  const at = (byte: number) => source.offset(byte) - start;
  const own = neededNames(read.found, node, names);
  const edits = namespaceEdits(node, read.found, text, at, names);
  const base: SchemaStatement = {
    ...place,
    kind: kind === "alter" && addsForeignKey(node) ? "foreign_key" : kind,
    sql: text,
    edits,
    defines: definedNames(node),
    needs: own,
    subject: subjectOf(node),
    ownedBy: ownerOf(node),
    aboutType: isAboutType(node),
  };
  if (!("CreateStmt" in node)) return [base];
  const split = splitForeignKeys(node.CreateStmt, text, tokensWithin(read), at);
  if (split.foreignKeys.length === 0) return [base];
  const inCuts = (target: number) =>
    split.cuts.some((cut) => target >= cut.start && target < cut.end);
  const targets = split.foreignKeys.map(({ constraint }) => constraint.pktable?.relname ?? "");
  const create: SchemaStatement = {
    ...base,
    edits: [...edits.filter((edit) => !inCuts(edit.start)), ...split.cuts.map(removal)].sort(
      (a, b) => a.start - b.start,
    ),
    needs: own.filter((need) => !targets.some((target) => need === `relation:${target}`)),
  };
  const keys = split.foreignKeys.map((key): SchemaStatement => {
    const head = `ALTER TABLE ${tableName(node.CreateStmt, names)} `;
    const sql = head + key.action;
    const target = key.constraint.pktable;
    return {
      file: source.name,
      fileIndex: source.index,
      line: source.line(start + key.start),
      start: start + key.start,
      kind: "foreign_key",
      sql,
      edits: namespaceEdits({ Constraint: {} }, NOTHING, sql, (byte) => byte, names).concat(
        unqualifiedTarget(sql, head.length, target?.schemaname),
      ),
      defines: [],
      needs: [`relation:${base.subject}`, `relation:${target?.relname ?? ""}`],
      subject: base.subject,
      ownedBy: null,
      aboutType: false,
    };
  });
  return [create, ...keys];
}

const NOTHING = { relations: [], types: [] };

const removal = (cut: Cut): Edit => ({ ...cut, text: "", scratch: false });

const tableName = ({ relation }: CreateStmt, names: Names): string =>
  `${id(names.namespace)}.${id(relation?.relname ?? "")}`;

/** The place behind REFERENCES, when the name there is not qualified. */
function unqualifiedTarget(sql: string, from: number, schema: string | undefined): Edit[] {
  if (schema !== undefined) return [];
  const word = /\breferences\s+(?:only\s+)?/i.exec(sql.slice(from));
  if (word === null) return [];
  const start = from + word.index + word[0].length;
  return [{ start, end: start, text: "", scratch: true }];
}

function tokensWithin({ source, start, end }: Read) {
  return source.tokens
    .slice(tokenIndex(source.tokens, start), tokenIndex(source.tokens, end))
    .filter((token) => token.kind !== "comment")
    .map((token) => ({ ...token, start: token.start - start, end: token.end - start }));
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

function noteNames({ node, found }: Read, into: Set<string>): void {
  const subject = subjectOf(node);
  for (const { conname } of found.constraints) {
    if (conname !== undefined) into.add(`${subject}.${conname}`);
  }
  if ("IndexStmt" in node && node.IndexStmt.idxname !== undefined) into.add(node.IndexStmt.idxname);
}

const splitKey = (key: string): [string, string | undefined] => {
  const colon = key.indexOf(":");
  return [key.slice(0, colon), key.slice(colon + 1)];
};
