/**
 * Reads schema files: every statement is recognised, allowed or refused with its place, and
 * prepared to be created in a scratch schema. What the statements mean is left to the server
 * (scratch.ts, introspect.ts); nothing is interpreted here that the server spells itself.
 */
import { id } from "./names.js";
import type { Cut } from "./foreign-keys.js";
import type { Digest, KeyDigest } from "./digest.js";
import { namespaceEdits, neededNames, type Names } from "./edits.js";
import { readExtension } from "./extensions.js";
import type { Memo } from "./memo.js";
import { AT_A_TIME, othersTurn, readStatements, type Read } from "./read.js";
import { failAt, openSource, type SchemaFile } from "./source.js";
import type { Edit, ParsedSchema, Rename, SchemaStatement, WantedExtension } from "./statement.js";

/**
 * `memo` holds the digests of statements that were read before; those of these files are returned.
 *
 * @throws SuperviseError SCHEMA_INVALID (not SQL, something twice, a name that nothing creates) or
 *   SCHEMA_UNSUPPORTED (SQL that schema files may not hold), with file and line.
 */
export async function parseSchema(
  files: readonly SchemaFile[],
  namespace: string,
  memo: Memo = new Map(),
): Promise<ParsedSchema> {
  const reads: Read[] = [];
  for (const [index, file] of files.entries()) {
    reads.push(...(await readStatements(openSource(file, index), memo)));
  }
  const names = collectNames(reads, namespace);
  const statements: SchemaStatement[] = [];
  const extensions = new Map<string, WantedExtension>();
  const renames: Rename[] = [];
  const explicitNames = new Set<string>();
  const kept = new Map<string, Digest>();
  for (const [index, read] of reads.entries()) {
    if (index % AT_A_TIME === 0) await othersTurn();
    refuseForeignPlaces(read, names);
    if (read.node !== null && readExtension(read.node, extensions)) continue;
    statements.push(...prepare(read, names));
    for (const name of read.digest.names) explicitNames.add(name);
    renames.push(...read.renames);
    kept.set(read.key, read.digest);
  }
  return {
    statements,
    extensions: [...extensions.values()],
    renames,
    explicitNames,
    memo: kept,
  };
}

/** Everything that the files create; the same thing twice is an error. */
function collectNames(reads: readonly Read[], namespace: string): Names {
  const relations = new Set<string>();
  const types = new Set<string>();
  for (const { digest, source, start } of reads) {
    for (const name of digest.defines) {
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
function refuseForeignPlaces({ source, start, digest }: Read, names: Names): void {
  const outside = (schema: string, name: string, at: number): never => {
    throw failAt(
      source,
      start + at,
      "SCHEMA_UNSUPPORTED",
      `${schema}.${name} is outside the namespace ${names.namespace}`,
      "schema files state the namespace of [database]; leave other schemas to a revision",
    );
  };
  for (const { schema, name } of digest.qualified) {
    if (schema !== names.namespace) outside(schema, name, 0);
  }
  for (const { schema, catalog, name, at = 0 } of digest.relations) {
    if (catalog !== undefined || (schema !== undefined && schema !== names.namespace)) {
      outside(schema ?? "", name, at);
    }
    if (!digest.implied && !names.relations.has(name)) {
      throw failAt(
        source,
        start + at,
        "SCHEMA_INVALID",
        `${name} is not created by the schema files`,
        "create it there too, or move this statement to a revision",
      );
    }
  }
}

function prepare(read: Read, names: Names): SchemaStatement[] {
  const { digest, source, start, text } = read;
  const needs = neededNames(digest, text, names);
  const { kind, defines, subject, ownedBy, aboutType, foreignKeys, cuts } = digest;
  const { name: file, index: fileIndex } = source;
  // Spelled out: an object that begins with a spread costs V8 thirty times as much here.
  const base: SchemaStatement = {
    file,
    fileIndex,
    line: source.line(start),
    start,
    kind,
    sql: text,
    edits: () => withoutCuts(namespaceEdits(digest, text, names), cuts),
    defines,
    needs: needs.filter((need) => !foreignKeys.some(({ table }) => need === `relation:${table}`)),
    subject,
    ownedBy,
    aboutType,
  };
  const keys = foreignKeys.map((key): SchemaStatement => {
    const head = `ALTER TABLE ${id(names.namespace)}.${id(subject)} `;
    const sql = head + key.action;
    return {
      file,
      fileIndex,
      line: source.line(start + key.start),
      start: start + key.start,
      kind: "foreign_key",
      sql,
      edits: () => [
        ...namespaceEdits(NOTHING, sql, names),
        ...unqualifiedTarget(sql, head.length, key),
      ],
      defines: [],
      needs: [`relation:${subject}`, `relation:${key.table}`],
      subject,
      ownedBy: null,
      aboutType: false,
    };
  });
  return [base, ...keys];
}

const NOTHING = { relations: [], types: [], unplaced: null, concurrently: false };

/** Edits in what is cut out go with it. */
function withoutCuts(edits: Edit[], cuts: readonly Cut[]): Edit[] {
  if (cuts.length === 0) return edits;
  const isCut = ({ start }: Edit) => cuts.some((cut) => start >= cut.start && start < cut.end);
  const removals = cuts.map((cut): Edit => ({ ...cut, text: "", scratch: false }));
  return [...edits.filter((edit) => !isCut(edit)), ...removals].sort((a, b) => a.start - b.start);
}

/** The place behind REFERENCES, when the name there is not qualified. */
function unqualifiedTarget(sql: string, from: number, { schema }: KeyDigest): Edit[] {
  if (schema !== undefined) return [];
  const word = /\breferences\s+(?:only\s+)?/i.exec(sql.slice(from));
  if (word === null) return [];
  const start = from + word.index + word[0].length;
  return [{ start, end: start, text: "", scratch: true }];
}

const splitKey = (key: string): [string, string | undefined] => {
  const colon = key.indexOf(":");
  return [key.slice(0, colon), key.slice(colon + 1)];
};
