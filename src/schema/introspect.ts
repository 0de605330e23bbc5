/**
 * Reads a namespace as a Model. The same code reads the live namespace and the scratch copy; for
 * scratch every text has the scratch schema's name replaced by the namespace's.
 */
import type { Session } from "../postgres/session.js";
import {
  COMPOSITES,
  CONSTRAINTS,
  DOMAINS,
  ENUMS,
  EXTENSIONS,
  INDEXES,
  SEQUENCES,
  TABLES,
  columnsQuery,
} from "./catalog.js";
import type {
  Attribute,
  Composite,
  Domain,
  DomainConstraint,
  EnumType,
  Extension,
  Model,
  Sequence,
} from "./model.js";
import type { ColumnRow, ConstraintRow, IndexRow, SequenceRow, TableRow } from "./rows.js";
import { spellNow } from "./now.js";
import { sequenceOptions, toTables } from "./tables.js";

/**
 * Settings that change how the server spells what it prints. Both reads run under these, inside the
 * transaction that calls `fixSpelling`.
 */
const SPELLING = `set local search_path = ''; set local timezone = 'UTC'; set local datestyle = 'ISO, YMD';
  set local intervalstyle = 'postgres'; set local extra_float_digits = 1;
  set local quote_all_identifiers = off; set local bytea_output = 'hex';
  set local standard_conforming_strings = on; set local xmloption = 'content'`;

export async function fixSpelling(session: Session): Promise<void> {
  await session.query(SPELLING);
}

export interface ReadOptions {
  /** The schema to read; its objects are reported as those of `namespace`. */
  readonly schema: string;
  readonly namespace: string;
  /** Find out which column defaults have to be computed row by row. */
  readonly volatility: boolean;
  /** Words for a time that the statements hold (now.ts); none in what is live. */
  readonly timeWords?: ReadonlySet<string>;
}

const NO_WORDS: ReadonlySet<string> = new Set();

/** The schema's model; empty when the schema does not exist. Needs `fixSpelling` before it. */
export async function introspect(session: Session, options: ReadOptions): Promise<Model> {
  const { schema, namespace, volatility, timeWords = NO_WORDS } = options;
  const [found] = await session.query<{ oid: string; quoted: string; now: string }>(
    `select n.oid::text, quote_ident($2) as quoted, now()::text as now from pg_namespace n where n.nspname = $1`,
    [schema, namespace],
  );
  const bound = respeller(schema, namespace, found?.quoted ?? namespace);
  const respell =
    schema === namespace
      ? bound
      : (text: string) => spellNow(bound(text), found?.now ?? "", timeWords);
  const read = <Row extends object>(sql: string) => session.query<Row>(sql, [found?.oid ?? "0"]);
  const tables = await read<TableRow>(TABLES);
  const columns = await read<ColumnRow>(columnsQuery(session.serverVersionNum, volatility));
  const constraints = await read<ConstraintRow>(CONSTRAINTS);
  const indexes = await read<IndexRow>(INDEXES);
  const sequences = await read<SequenceRow>(SEQUENCES);
  const enums = await read<EnumType>(ENUMS);
  const domains = await read<DomainRow>(DOMAINS);
  const composites = await read<CompositeRow>(COMPOSITES);
  return {
    namespace,
    extensions: await readExtensions(session),
    enums: enums.map(({ name, values, comment }) => ({ name, values, comment })),
    domains: domains.map((row) => toDomain(row, respell)),
    composites: composites.map((row) => toComposite(row, respell)),
    sequences: sequences.map(toSequence),
    tables: toTables({ tables, columns, constraints, indexes }, respell),
  };
}

export const readExtensions = (session: Session): Promise<Extension[]> =>
  session.query<Mutable<Extension>>(EXTENSIONS);

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface DomainRow {
  name: string;
  type: string;
  collation: string | null;
  not_null: boolean;
  default: string | null;
  constraints: DomainConstraint[] | null;
  comment: string | null;
}

interface CompositeRow {
  name: string;
  attributes: Attribute[] | null;
  comment: string | null;
}

/** Scratch names are unique and never occur by themselves, so this cannot hit anything else. */
function respeller(schema: string, namespace: string, quoted: string): (text: string) => string {
  return schema === namespace
    ? (text) => text
    : (text) => text.replaceAll(`${schema}.`, `${quoted}.`);
}

function toDomain(row: DomainRow, respell: (text: string) => string): Domain {
  return {
    name: row.name,
    type: respell(row.type),
    collation: row.collation === null ? null : respell(row.collation),
    notNull: row.not_null,
    default: row.default === null ? null : respell(row.default),
    constraints: (row.constraints ?? []).map((constraint) => ({
      ...constraint,
      definition: respell(constraint.definition).replace(/ NOT VALID$/, ""),
    })),
    comment: row.comment,
  };
}

function toComposite(row: CompositeRow, respell: (text: string) => string): Composite {
  return {
    name: row.name,
    attributes: (row.attributes ?? []).map(({ name, type, collation, comment }) => ({
      name,
      type: respell(type),
      collation: collation === null ? null : respell(collation),
      comment,
    })),
    comment: row.comment,
  };
}

function toSequence(row: SequenceRow): Sequence {
  return {
    name: row.name,
    unlogged: row.unlogged,
    ...sequenceOptions(row),
    ownedBy:
      row.owner_table === null || row.owner_column === null
        ? null
        : { table: row.owner_table, column: row.owner_column },
    comment: row.comment,
  };
}
