/** The model's parts as the SQL that creates them. */
import type { NewType } from "./changes.js";
import type {
  Column,
  Constraint,
  Domain,
  Extension,
  Index,
  Sequence,
  SequenceOptions,
  Table,
} from "./model.js";
import { id, literal, qualified } from "./names.js";

export function createExtension({ name, schema, version }: Extension, namespace: string): string {
  const at = version === null ? "" : ` VERSION ${literal(version)}`;
  return `CREATE EXTENSION IF NOT EXISTS ${id(name)} WITH SCHEMA ${id(schema ?? namespace)}${at} CASCADE`;
}

export function createType(type: NewType, namespace: string): string {
  const name = qualified(namespace, type.name);
  switch (type.of) {
    case "enum":
      return `CREATE TYPE ${name} AS ENUM (${type.values.map(literal).join(", ")})`;
    case "domain":
      return `CREATE DOMAIN ${name} AS ${type.type}${domainClauses(type)}`;
    case "composite": {
      const attributes = type.attributes.map(
        (attribute) => `${id(attribute.name)} ${attribute.type}${collate(attribute.collation)}`,
      );
      return `CREATE TYPE ${name} AS (${attributes.join(", ")})`;
    }
  }
}

const domainClauses = (domain: Domain): string =>
  [
    collate(domain.collation),
    domain.default === null ? "" : ` DEFAULT ${domain.default}`,
    domain.notNull ? " NOT NULL" : "",
    ...domain.constraints.map(({ name, definition }) => ` CONSTRAINT ${id(name)} ${definition}`),
  ].join("");

const collate = (collation: string | null): string =>
  collation === null ? "" : ` COLLATE ${collation}`;

export function createSequence(sequence: Sequence, namespace: string): string {
  const unlogged = sequence.unlogged ? "UNLOGGED " : "";
  const options = sequenceClauses(sequence, "bigint");
  const name = qualified(namespace, sequence.name);
  return [`CREATE ${unlogged}SEQUENCE ${name}`, ...options].join(" ");
}

const LARGEST: Readonly<Record<string, string>> = {
  smallint: "32767",
  integer: "2147483647",
  bigint: "9223372036854775807",
};

const SMALLEST: Readonly<Record<string, string>> = {
  smallint: "-32768",
  integer: "-2147483648",
  bigint: "-9223372036854775808",
};

/** Only what differs from the defaults of a sequence whose type would be `defaultType`. */
export function sequenceClauses(options: SequenceOptions, defaultType: string): string[] {
  const down = options.increment.startsWith("-");
  const min = down ? SMALLEST[options.type] : "1";
  const max = down ? "-1" : LARGEST[options.type];
  const start = down ? options.max : options.min;
  return [
    ...(options.type === defaultType ? [] : [`AS ${options.type}`]),
    ...(options.increment === "1" ? [] : [`INCREMENT BY ${options.increment}`]),
    ...(options.min === min ? [] : [`MINVALUE ${options.min}`]),
    ...(options.max === max ? [] : [`MAXVALUE ${options.max}`]),
    ...(options.start === start ? [] : [`START WITH ${options.start}`]),
    ...(options.cache === "1" ? [] : [`CACHE ${options.cache}`]),
    ...(options.cycle ? ["CYCLE"] : []),
  ];
}

/** LIKE makes sequences of bigint with the bounds of the column's type: the same to anyone who uses it. */
export const ofColumn = (options: SequenceOptions, column: string): SequenceOptions =>
  column in LARGEST ? { ...options, type: column } : options;

/** Every option, for ALTER. */
export function allSequenceClauses(options: SequenceOptions): string[] {
  return [
    `INCREMENT BY ${options.increment}`,
    `MINVALUE ${options.min}`,
    `MAXVALUE ${options.max}`,
    `START WITH ${options.start}`,
    `CACHE ${options.cache}`,
    options.cycle ? "CYCLE" : "NO CYCLE",
  ];
}

/** `due date NOT NULL DEFAULT now()`: as in CREATE TABLE and ADD COLUMN. */
export function columnSql(column: Column): string {
  return [
    id(column.name),
    column.type,
    ...(column.compression === null ? [] : [`COMPRESSION ${column.compression}`]),
    ...(column.collation === null ? [] : [`COLLATE ${column.collation}`]),
    ...(column.default === null ? [] : [`DEFAULT ${column.default}`]),
    ...(column.generated === null ? [] : [generatedSql(column.generated)]),
    ...(column.identity === null ? [] : [identitySql(column)]),
    ...(column.notNull ? ["NOT NULL"] : []),
  ].join(" ");
}

function generatedSql(generated: NonNullable<Column["generated"]>): string {
  return `GENERATED ALWAYS AS (${generated.expression}) ${generated.kind.toUpperCase()}`;
}

export function identitySql({ identity, type }: Column): string {
  if (identity === null) return "";
  const options = [
    // Without a schema it is made in that of the table.
    ...(identity.sequence === null ? [] : [`SEQUENCE NAME ${id(identity.sequence)}`]),
    ...sequenceClauses(ofColumn(identity.options, type), type).filter(
      (clause) => !clause.startsWith("AS "),
    ),
  ];
  const when = identity.always ? "ALWAYS" : "BY DEFAULT";
  return `GENERATED ${when} AS IDENTITY${options.length > 0 ? ` (${options.join(" ")})` : ""}`;
}

/** Without its foreign keys and indexes, which are statements of their own. */
export function createTable(table: Table, namespace: string): string {
  const own = table.columns.filter((column) => !column.inherited);
  const constraints = table.constraints.filter(
    (constraint) => constraint.kind !== "foreign" && !isUnproven(constraint),
  );
  const inherited = table.columns.filter(
    (column) =>
      column.inherited && (column.default !== null || column.notNull) && table.partitionOf !== null,
  );
  // Parents may differ in a column's default, which has to be settled at once.
  const settled = table.columns.filter(
    (column) => column.inherited && column.default !== null && table.inherits.length > 1,
  );
  const lines = [
    ...own.map(columnSql),
    ...settled.map((column) => columnSql({ ...column, notNull: false })),
    ...inherited.map(inheritedSql),
    ...constraints.map(inlineConstraint),
  ];
  const body = lines.length === 0 ? "" : `\n  ${lines.join(",\n  ")}\n`;
  const head = `CREATE ${table.unlogged ? "UNLOGGED " : ""}TABLE ${qualified(namespace, table.name)}`;
  const shape =
    table.partitionOf === null
      ? `${head} (${body})`
      : `${head} PARTITION OF ${qualified(namespace, table.partitionOf.parent)}${body === "" ? "" : ` (${body})`} ${table.partitionOf.bound}`;
  return [
    shape,
    ...(table.inherits.length === 0
      ? []
      : [`INHERITS (${table.inherits.map((parent) => qualified(namespace, parent)).join(", ")})`]),
    ...(table.partitionKey === null ? [] : [`PARTITION BY ${table.partitionKey}`]),
    ...(table.accessMethod === null ? [] : [`USING ${id(table.accessMethod)}`]),
    ...(table.options.length === 0 ? [] : [`WITH (${table.options.join(", ")})`]),
    ...(table.tablespace === null ? [] : [`TABLESPACE ${id(table.tablespace)}`]),
  ].join(" ");
}

/** What a partition says of a column that the parent gives it. */
const inheritedSql = ({ name, default: value, notNull }: Column): string =>
  [
    id(name),
    ...(value === null ? [] : [`DEFAULT ${value}`]),
    ...(notNull ? ["NOT NULL"] : []),
  ].join(" ");

/** CREATE TABLE holds every row to its checks; one that shall not be validated is added afterwards. */
const isUnproven = ({ kind, validated }: Constraint): boolean => kind === "check" && !validated;

/** What CREATE TABLE has no clause for. */
export function afterCreate(table: Table, namespace: string): string[] {
  const name = qualified(namespace, table.name);
  const settings = table.columns.flatMap((column) => columnSettings(name, column));
  const defaults =
    table.inherits.length !== 1
      ? []
      : table.columns
          .filter((column) => column.inherited && column.default !== null)
          .map(
            (column) =>
              `ALTER TABLE ${name} ALTER COLUMN ${id(column.name)} SET DEFAULT ${column.default ?? ""}`,
          );
  const strict =
    table.inherits.length === 0
      ? []
      : table.columns
          .filter((column) => column.inherited && column.notNull)
          .map((column) => `ALTER TABLE ${name} ALTER COLUMN ${id(column.name)} SET NOT NULL`);
  return [
    ...settings,
    ...defaults,
    ...strict,
    ...table.constraints
      .filter(isUnproven)
      .map((constraint) => `ALTER TABLE ${name} ADD ${inlineConstraint(constraint)} NOT VALID`),
    ...(table.rowSecurity ? [`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`] : []),
    ...(table.forceRowSecurity ? [`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`] : []),
    ...(table.replicaIdentity === "DEFAULT" || waitsForIndex(table)
      ? []
      : [`ALTER TABLE ${name} REPLICA IDENTITY ${table.replicaIdentity}`]),
  ];
}

const waitsForIndex = (table: Table): boolean =>
  table.indexes.some(({ name }) => isIdentityBy(table, name));

/** The index that tells the table's rows apart for replication. */
export const isIdentityBy = ({ replicaIdentity }: Table, index: string): boolean =>
  replicaIdentity === `USING INDEX ${id(index)}`;

/** The type's own; `SET STORAGE DEFAULT` exists from PostgreSQL 16 on. */
export const ownStorage = (type: string): string =>
  /^(?:numeric|inet|cidr)\b/.test(type) ? "MAIN" : "EXTENDED";

/** Storage, statistics and options of one column; the compression where no clause has it. */
function columnSettings(name: string, column: Column): string[] {
  const { compression, inherited } = column;
  return [
    ...storageSetting(name, column),
    ...(inherited && compression !== null
      ? [`ALTER TABLE ${name} ALTER COLUMN ${id(column.name)} SET COMPRESSION ${compression}`]
      : []),
    ...weakSettings(name, column),
  ];
}

export function storageSetting(name: string, column: Column): string[] {
  return column.storage === null
    ? []
    : [`ALTER TABLE ${name} ALTER COLUMN ${id(column.name)} SET STORAGE ${column.storage}`];
}

/** Those that hold up no query. */
export function weakSettings(name: string, { name: own, statistics, options }: Column): string[] {
  const head = `ALTER TABLE ${name} ALTER COLUMN ${id(own)}`;
  return [
    ...(statistics === null ? [] : [`${head} SET STATISTICS ${statistics}`]),
    ...(options.length === 0 ? [] : [`${head} SET (${options.join(", ")})`]),
  ];
}

/** `CONSTRAINT task_pkey PRIMARY KEY (id)` */
export function inlineConstraint({ name, kind, definition, indexOptions }: Constraint): string {
  // Of exclusion constraints the server prints them itself.
  const options = kind === "exclude" ? [] : indexOptions;
  return `CONSTRAINT ${id(name)} ${withIndexOptions(definition, options)}`;
}

/** WITH (...) goes behind the columns and INCLUDE, in front of DEFERRABLE and WHERE. */
function withIndexOptions(definition: string, options: readonly string[]): string {
  if (options.length === 0) return definition;
  const clause = ` WITH (${options.join(", ")})`;
  const tail = /(?: WHERE \(.*\))?(?: DEFERRABLE)?(?: INITIALLY DEFERRED)?$/s.exec(definition);
  const at = tail?.index ?? definition.length;
  return definition.slice(0, at) + clause + definition.slice(at);
}

export function createIndex(
  index: Pick<Index, "name" | "unique" | "definition">,
  table: string,
  flags: {
    readonly concurrently?: boolean;
    readonly only?: boolean;
    readonly ifMissing?: boolean;
  } = {},
): string {
  const unique = index.unique ? "UNIQUE " : "";
  const concurrently = flags.concurrently === true ? "CONCURRENTLY " : "";
  const only = flags.only === true ? "ONLY " : "";
  const ifMissing = flags.ifMissing === true ? "IF NOT EXISTS " : "";
  return `CREATE ${unique}INDEX ${concurrently}${ifMissing}${id(index.name)} ON ${only}${table} ${index.definition}`;
}

/** A unique or primary key constraint as the index that it stands on; null when it has to build its own. */
export function indexOfConstraint(
  constraint: Constraint,
): { definition: string; attach: string } | null {
  const match =
    /^(UNIQUE|PRIMARY KEY)( NULLS NOT DISTINCT)? \((.*?)\)( INCLUDE \(.*?\))?((?: DEFERRABLE)?(?: INITIALLY DEFERRED)?)$/s.exec(
      constraint.definition,
    );
  if (match === null || constraint.definition.includes(" WITHOUT OVERLAPS")) return null;
  const [, word = "", nulls = "", columns = "", include = "", defer = ""] = match;
  const options =
    constraint.indexOptions.length === 0 ? "" : ` WITH (${constraint.indexOptions.join(", ")})`;
  return {
    definition: `USING btree (${columns})${include}${nulls}${options}`,
    attach: `${word} USING INDEX ${id(constraint.name)}${defer}`,
  };
}
