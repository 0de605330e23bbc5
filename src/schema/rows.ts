/** The rows of catalog.ts as the server sends them. */

export interface SequenceColumns {
  seq_type: string;
  seq_start: string;
  seq_increment: string;
  seq_min: string;
  seq_max: string;
  seq_cache: string;
  seq_cycle: boolean;
}

export interface TableRow {
  oid: string;
  name: string;
  partitioned: boolean;
  unlogged: boolean;
  partition_key: string | null;
  bound: string | null;
  parents: string[] | null;
  options: string[] | null;
  toast_options: string[] | null;
  access_method: string | null;
  tablespace: string | null;
  row_security: boolean;
  force_row_security: boolean;
  replica_identity: string;
  comment: string | null;
}

export interface ColumnRow {
  table_oid: string;
  name: string;
  type: string;
  not_null: boolean;
  default: string | null;
  identity:
    (SequenceColumns & { always: boolean; sequence: string | null; comment: string | null }) | null;
  more: SeldomOfColumn | null;
}

/** What few columns have. */
export interface SeldomOfColumn {
  uses_type: string | null;
  collation: string | null;
  generated: string | null;
  virtual: boolean;
  rewrites: boolean;
  reads: string[] | null;
  inherited: boolean;
  compression: string | null;
  storage: string | null;
  statistics: number | null;
  options: string[] | null;
  comment: string | null;
}

export interface ConstraintRow {
  table_oid: string;
  name: string;
  kind: string;
  definition: string;
  columns: string[] | null;
  ref_table: string | null;
  ref_columns: string[] | null;
  index_options: string[] | null;
  validated: boolean;
  comment: string | null;
  index_comment: string | null;
}

export interface IndexRow {
  table_oid: string;
  name: string;
  is_unique: boolean;
  valid: boolean;
  definition: string;
  head: string;
  columns: string[] | null;
  comment: string | null;
}

export interface SequenceRow extends SequenceColumns {
  name: string;
  unlogged: boolean;
  owner_table: string | null;
  owner_column: string | null;
  comment: string | null;
}
