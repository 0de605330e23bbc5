/** Catalog rows put together as tables. */
import type { Column, Constraint, ConstraintKind, Index, SequenceOptions, Table } from "./model.js";
import type {
  ColumnRow,
  ConstraintRow,
  IndexRow,
  SeldomOfColumn,
  SequenceColumns,
  TableRow,
} from "./rows.js";

interface TableRows {
  readonly tables: readonly TableRow[];
  readonly columns: readonly ColumnRow[];
  readonly constraints: readonly ConstraintRow[];
  readonly indexes: readonly IndexRow[];
}

type Respell = (text: string) => string;

export function toTables(rows: TableRows, respell: Respell): Table[] {
  const columns = byTable(rows.columns);
  const constraints = byTable(rows.constraints);
  const indexes = byTable(rows.indexes);
  return rows.tables.map((row) => {
    const parents = row.parents ?? [];
    const [parent] = parents;
    const partitionOf =
      row.bound === null || parent === undefined ? null : { parent, bound: respell(row.bound) };
    return {
      name: row.name,
      partitioned: row.partitioned,
      unlogged: row.unlogged,
      partitionKey: orNull(row.partition_key, respell),
      partitionOf,
      inherits: partitionOf === null ? parents : [],
      options: [
        ...(row.options ?? []),
        ...(row.toast_options ?? []).map((option) => `toast.${option}`),
      ].sort(),
      accessMethod: row.access_method,
      tablespace: row.tablespace,
      rowSecurity: row.row_security,
      forceRowSecurity: row.force_row_security,
      replicaIdentity: row.replica_identity,
      comment: row.comment,
      columns: (columns.get(row.oid) ?? []).map((column) => toColumn(column, respell)),
      constraints: (constraints.get(row.oid) ?? []).map((item) => toConstraint(item, respell)),
      indexes: (indexes.get(row.oid) ?? []).map((index) => toIndex(index, respell)),
    };
  });
}

function byTable<Row extends { table_oid: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.table_oid);
    if (group === undefined) groups.set(row.table_oid, [row]);
    else group.push(row);
  }
  return groups;
}

const orNull = (text: string | null, respell: Respell): string | null =>
  text === null ? null : respell(text);

const NOTHING_MORE: SeldomOfColumn = {
  uses_type: null,
  collation: null,
  generated: null,
  virtual: false,
  rewrites: false,
  reads: null,
  inherited: false,
  compression: null,
  storage: null,
  statistics: null,
  options: null,
  comment: null,
};

function toColumn(row: ColumnRow, respell: Respell): Column {
  const { identity } = row;
  const more = row.more ?? NOTHING_MORE;
  return {
    name: row.name,
    type: respell(row.type),
    usesType: more.uses_type,
    collation: orNull(more.collation, respell),
    notNull: row.not_null,
    default: orNull(row.default, respell),
    rewrites: more.rewrites,
    identity:
      identity === null
        ? null
        : {
            always: identity.always,
            options: sequenceOptions(identity),
            sequence: identity.sequence,
            comment: identity.comment,
          },
    generated:
      more.generated === null
        ? null
        : { expression: respell(more.generated), kind: more.virtual ? "virtual" : "stored" },
    reads: more.reads ?? [],
    inherited: more.inherited,
    compression: more.compression,
    storage: more.storage,
    statistics: more.statistics,
    options: [...(more.options ?? [])].sort(),
    comment: more.comment,
  };
}

export function sequenceOptions(row: SequenceColumns): SequenceOptions {
  return {
    type: row.seq_type,
    start: row.seq_start,
    increment: row.seq_increment,
    min: row.seq_min,
    max: row.seq_max,
    cache: row.seq_cache,
    cycle: row.seq_cycle,
  };
}

const KINDS: Readonly<Record<string, ConstraintKind>> = {
  p: "primary",
  u: "unique",
  f: "foreign",
  c: "check",
  x: "exclude",
};

export function toConstraint(row: ConstraintRow, respell: Respell): Constraint {
  return {
    name: row.name,
    kind: KINDS[row.kind] ?? "check",
    definition: respell(row.definition).replace(/ NOT VALID$/, ""),
    columns: row.columns ?? [],
    references:
      row.ref_table === null ? null : { table: row.ref_table, columns: row.ref_columns ?? [] },
    indexOptions: [...(row.index_options ?? [])].sort(),
    validated: row.validated,
    comment: row.comment,
    indexComment: row.index_comment,
  };
}

export function toIndex(row: IndexRow, respell: Respell): Index {
  const rest = row.definition.slice(row.head.length);
  return {
    name: row.name,
    unique: row.is_unique,
    definition: respell(rest.slice(usingAt(rest))),
    columns: row.columns ?? [],
    valid: row.valid,
    comment: row.comment,
  };
}

/** Behind the table's name, which may be quoted and hold anything. */
function usingAt(rest: string): number {
  const name = /^(?:ONLY )?(?:"(?:[^"]|"")*"|[^"\s.]+)\.(?:"(?:[^"]|"")*"|[^"\s.]+) /.exec(rest);
  return name?.[0].length ?? 0;
}
