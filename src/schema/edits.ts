/**
 * Where a statement names something of the namespace. Each such place becomes an edit that puts the
 * scratch schema's name there, so that nothing in the statement can resolve to a live object. It
 * works on tokens and tree positions, never on patterns over the text.
 */
import type { Digest, Unplaced } from "./digest.js";
import { lex, type Token } from "./lexer.js";
import { tokenIndex } from "./source.js";
import type { Edit } from "./statement.js";

export interface Names {
  readonly namespace: string;
  /** Tables, sequences and indexes that the files create. */
  readonly relations: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
}

/** What the statement needs of the files, as keys: `relation:task`, `type:status`. */
export function neededNames(
  { relations, types, defines }: Digest,
  text: string,
  names: Names,
): string[] {
  const needs = new Set<string>();
  if (BY_NAME_AT_ALL.test(text)) {
    for (const { name } of regclassLiterals(plainTokens(text))) {
      if (names.relations.has(name.value)) needs.add(`relation:${name.value}`);
    }
  }
  for (const { name } of relations) if (names.relations.has(name)) needs.add(`relation:${name}`);
  for (const { name } of types) if (names.types.has(name)) needs.add(`type:${name}`);
  return [...needs].filter((need) => !defines.includes(need));
}

type Mentions = Pick<Digest, "relations" | "types" | "unplaced" | "concurrently">;

const SKIPPED = new Set(["if", "not", "exists"]);

/** The edits of one statement with that text, sorted. */
export function namespaceEdits(digest: Mentions, text: string, names: Names): Edit[] {
  const tokens = plainTokens(text);
  const edits = new Map<number, Edit>();
  const add = (edit: Edit) => edits.set(edit.start, edit);
  const insert = (start: number) => add({ start, end: start, text: "", scratch: true });

  for (const edit of qualifiedNames(tokens, names)) add(edit);
  for (const { schema, at } of digest.relations) {
    if (at === undefined) continue;
    if (schema === undefined) insert(at);
    else add(replaceQualifier(tokens, at));
  }
  for (const { name, at } of digest.types) {
    if (at !== undefined && names.types.has(name)) insert(at);
  }
  if (digest.unplaced !== null) add(unplacedName(digest.unplaced, tokens));
  for (const [index, { value }] of tokens.entries()) {
    if (value !== "sequence" || tokens[index + 1]?.value !== "name") continue;
    add(nameEdit(tokens, index + 2, tokens[index + 3]?.value === "."));
  }
  for (const { start, schema, name } of regclassLiterals(tokens)) {
    if (schema?.value !== names.namespace || !names.relations.has(name.value)) continue;
    add({ start: start + schema.start, end: start + name.start, text: "", scratch: true });
  }
  if (digest.concurrently) {
    const word = tokens.find(({ value }) => value === "concurrently");
    if (word !== undefined) add({ start: word.start, end: word.end, text: "", scratch: false });
  }
  return [...edits.values()].sort((a, b) => a.start - b.start);
}

/** `public.task`, wherever it stands: the namespace gives way to the scratch schema. */
function* qualifiedNames(tokens: readonly Token[], names: Names): Iterable<Edit> {
  for (const [index, token] of tokens.entries()) {
    const name = tokens[index + 2];
    if (!isName(token) || token.value !== names.namespace || name === undefined) continue;
    if (tokens[index + 1]?.value !== "." || tokens[index - 1]?.value === ".") continue;
    if (!isName(name) || !(names.relations.has(name.value) || names.types.has(name.value)))
      continue;
    // The dot goes too: the scratch name brings its own.
    yield { start: token.start, end: name.start, text: "", scratch: true };
  }
}

const BY_NAME = new Set(["nextval", "currval", "setval", "pg_get_serial_sequence"]);

/** Whether a text may have such literals. */
const BY_NAME_AT_ALL = /nextval|currval|setval|pg_get_serial_sequence|regclass/i;

interface RegclassLiteral {
  /** Of what is within the quotes, in the text. */
  readonly start: number;
  readonly schema: Token | null;
  readonly name: Token;
}

/** `nextval('public.task_id_seq')`, `'task_id_seq'::regclass`: a literal that names a relation. */
function* regclassLiterals(tokens: readonly Token[]): Iterable<RegclassLiteral> {
  for (const [index, { kind, value, start }] of tokens.entries()) {
    if (kind !== "string" || !value.startsWith("'")) continue;
    const called = tokens[index - 1]?.value === "(" && BY_NAME.has(tokens[index - 2]?.value ?? "");
    const cast = tokens[index + 1]?.value === ":" && tokens[index + 3]?.value === "regclass";
    if (!called && !cast && tokens[index - 1]?.value !== "regclass") continue;
    const parts = lex(value.slice(1, -1));
    const [first, dot, second] = parts;
    if (first === undefined || !isName(first)) continue;
    if (parts.length === 1) yield { start: start + 1, schema: null, name: first };
    if (parts.length !== 3 || dot?.value !== "." || second === undefined || !isName(second))
      continue;
    yield { start: start + 1, schema: first, name: second };
  }
}

/** Names that the tree gives without a position: they follow a keyword. */
function unplacedName(unplaced: Unplaced, tokens: readonly Token[]): Edit {
  if ("after" in unplaced) {
    let index = tokens.findIndex(({ value }) => value === unplaced.after) + 1;
    while (SKIPPED.has(tokens[index]?.value ?? "")) index += 1;
    return nameEdit(tokens, index, tokens[index + 1]?.value === ".");
  }
  const on = tokens.findIndex(({ value }) => value === "on");
  if (unplaced.on === "object") return nameEdit(tokens, on + 2, unplaced.qualified);
  const second = tokens.findIndex(({ value }, index) => index > on + 1 && value === "on");
  const index = second + (unplaced.on === "domain constraint" ? 2 : 1);
  return nameEdit(tokens, index, tokens[index + 1]?.value === ".");
}

/** Puts the scratch schema in front of the name at token `index`, in place of its qualifier if any. */
function nameEdit(tokens: readonly Token[], index: number, hasQualifier: boolean): Edit {
  const start = tokens[index]?.start ?? 0;
  const end = hasQualifier ? (tokens[index + 2]?.start ?? start) : start;
  return { start, end, text: "", scratch: true };
}

const replaceQualifier = (tokens: readonly Token[], start: number): Edit =>
  nameEdit(tokens, tokenIndex(tokens, start), true);

const plainTokens = (text: string): Token[] => lex(text).filter(({ kind }) => kind !== "comment");

const isName = ({ kind }: Token): boolean => kind === "word" || kind === "quoted";
