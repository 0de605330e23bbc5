/**
 * The schema files cut into units that mean something by themselves: a table with all that is said
 * of it, a type, a sequence. A unit's hash covers its statements and what it builds on, so a unit
 * with the hash of an earlier run means what it meant then and need not be created in scratch again.
 */
import { createHash } from "node:crypto";
import { lex } from "./lexer.js";
import type { Composite, Domain, EnumType, Model, Sequence, Table } from "./model.js";
import type { SchemaStatement } from "./statement.js";

export interface Unit {
  /** `table:task`, `type:status`, `sequence:task_seq` */
  readonly key: string;
  readonly statements: readonly SchemaStatement[];
  /** Units that have to be there for it to be created. */
  readonly needs: readonly string[];
  /** Tables that its foreign keys refer to. */
  readonly targets: readonly string[];
  readonly hash: string;
}

/** What the server made of a unit. */
export interface Fragment {
  readonly hash: string;
  readonly tables: readonly Table[];
  readonly enums: readonly EnumType[];
  readonly domains: readonly Domain[];
  readonly composites: readonly Composite[];
  readonly sequences: readonly Sequence[];
}

interface Draft {
  readonly statements: SchemaStatement[];
  readonly needs: Set<string>;
  readonly targets: Set<string>;
}

/** Null when a statement is about something that no statement names, such as a serial column's sequence. */
export function cutUnits(statements: readonly SchemaStatement[], salt: string): Unit[] | null {
  const owners = ownersOf(statements);
  const drafts = new Map<string, Draft>();
  for (const statement of statements) {
    const key = unitOf(statement, owners);
    if (key === null) return null;
    const draft = drafts.get(key) ?? { statements: [], needs: new Set(), targets: new Set() };
    drafts.set(key, draft);
    draft.statements.push(statement);
    const into = statement.kind === "foreign_key" ? draft.targets : draft.needs;
    for (const need of [...statement.needs, ...sequencesIn(statement)]) {
      const other = owners.get(need);
      if (other !== undefined && other !== key) into.add(other);
    }
  }
  return [...drafts].map(([key, draft]) => ({
    key,
    statements: draft.statements,
    needs: [...draft.needs],
    targets: [...draft.targets],
    hash: hashOf(key, drafts, salt),
  }));
}

/** Which unit each `relation:x` and `type:x` is part of. */
function ownersOf(statements: readonly SchemaStatement[]): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { kind, defines, subject, ownedBy } of statements) {
    for (const name of defines) {
      if (kind === "table" || kind === "index") owners.set(name, `table:${subject}`);
      else if (kind === "type") owners.set(name, `type:${subject}`);
      else owners.set(name, ownedBy === null ? `sequence:${subject}` : `table:${ownedBy}`);
    }
  }
  // ALTER SEQUENCE ... OWNED BY makes the sequence part of the table.
  for (const { kind, subject, ownedBy } of statements) {
    if (kind === "alter" && ownedBy !== null) owners.set(`relation:${subject}`, `table:${ownedBy}`);
  }
  return owners;
}

function unitOf(
  { kind, subject, aboutType }: SchemaStatement,
  owners: ReadonlyMap<string, string>,
): string | null {
  if (kind === "type" || aboutType) return owners.get(`type:${subject}`) ?? null;
  return owners.get(`relation:${subject}`) ?? null;
}

/** Sequences stand in defaults as strings: `nextval('task_seq')`. */
function sequencesIn({ sql }: SchemaStatement): string[] {
  if (!/nextval/i.test(sql)) return [];
  return lex(sql).flatMap(({ kind, value }) => {
    const name = kind === "string" ? lex(value.slice(1, -1)).at(-1)?.value : undefined;
    return name === undefined ? [] : [`relation:${name}`];
  });
}

function hashOf(key: string, drafts: ReadonlyMap<string, Draft>, salt: string): string {
  const hash = createHash("sha256").update(salt);
  const seen = new Set<string>();
  const add = (name: string, deep: boolean): void => {
    const draft = drafts.get(name);
    if (draft === undefined || seen.has(name)) return;
    seen.add(name);
    hash.update(`\0${name}`);
    for (const { sql } of draft.statements) hash.update(`\0${sql}`);
    if (!deep) return;
    for (const need of draft.needs) add(need, true);
  };
  add(key, true);
  for (const target of drafts.get(key)?.targets ?? []) add(target, false);
  return hash.digest("hex");
}

/** The part of a scratch model that belongs to a unit. */
export function fragmentOf(unit: Unit, model: Model): Fragment {
  const [kind, name] = splitKey(unit.key);
  const named = <T extends { readonly name: string }>(items: readonly T[], of: string): T[] =>
    kind === of ? items.filter((item) => item.name === name) : [];
  const own = new Set(unit.statements.flatMap(({ defines }) => defines));
  return {
    hash: unit.hash,
    tables: named(model.tables, "table"),
    enums: named(model.enums, "type"),
    domains: named(model.domains, "type"),
    composites: named(model.composites, "type"),
    sequences: model.sequences.filter(
      (sequence) =>
        own.has(`relation:${sequence.name}`) ||
        (kind === "table" && sequence.ownedBy?.table === name),
    ),
  };
}

function splitKey(key: string): [string, string] {
  const colon = key.indexOf(":");
  return [key.slice(0, colon), key.slice(colon + 1)];
}

/** All fragments as one model, in the server's order of names. */
export function joinFragments(
  fragments: Iterable<Fragment>,
  namespace: string,
  extensions: Model["extensions"],
): Model {
  const all = [...fragments];
  const sorted = <T extends { readonly name: string }>(items: T[]): T[] =>
    items.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return {
    namespace,
    extensions,
    tables: sorted(all.flatMap(({ tables }) => tables)),
    enums: sorted(all.flatMap(({ enums }) => enums)),
    domains: sorted(all.flatMap(({ domains }) => domains)),
    composites: sorted(all.flatMap(({ composites }) => composites)),
    sequences: sorted(all.flatMap(({ sequences }) => sequences)),
  };
}
