/**
 * A database schema as plain data: what introspect.ts reads from the catalog, for the live
 * namespace and for the scratch copy of schema.sql alike. Every expression and definition is the
 * server's own spelling with all names qualified by the namespace, so two models compare by text.
 */

export interface Model {
  readonly namespace: string;
  readonly extensions: readonly Extension[];
  readonly enums: readonly EnumType[];
  readonly domains: readonly Domain[];
  readonly composites: readonly Composite[];
  readonly sequences: readonly Sequence[];
  readonly tables: readonly Table[];
}

export interface Extension {
  readonly name: string;
  /** The schema that holds its objects; null in a desired state that leaves it open. */
  readonly schema: string | null;
  /** Set only where schema.sql asks for one. */
  readonly version: string | null;
  readonly comment: string | null;
}

export interface EnumType {
  readonly name: string;
  readonly values: readonly string[];
  readonly comment: string | null;
}

export interface Domain {
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly constraints: readonly DomainConstraint[];
  readonly comment: string | null;
}

export interface DomainConstraint {
  readonly name: string;
  /** Without `NOT VALID`. */
  readonly definition: string;
  readonly validated: boolean;
  readonly comment: string | null;
}

export interface Composite {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly comment: string | null;
}

export interface Attribute {
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
  readonly comment: string | null;
}

export interface SequenceOptions {
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  readonly cycle: boolean;
}

export interface Sequence extends SequenceOptions {
  readonly name: string;
  readonly unlogged: boolean;
  /** The column that it is dropped with. */
  readonly ownedBy: { readonly table: string; readonly column: string } | null;
  readonly comment: string | null;
}

export interface Table {
  readonly name: string;
  readonly partitioned: boolean;
  readonly unlogged: boolean;
  /** `RANGE (at)`; null when not partitioned. */
  readonly partitionKey: string | null;
  /** What it is a partition of, with `FOR VALUES ...` or `DEFAULT`. */
  readonly partitionOf: { readonly parent: string; readonly bound: string } | null;
  /** Parents by inheritance, in order; empty for a partition. */
  readonly inherits: readonly string[];
  /** Storage parameters, `fillfactor=70`, sorted; those of the toast table as `toast.x=y`. */
  readonly options: readonly string[];
  /** Null for the server's default. */
  readonly accessMethod: string | null;
  readonly tablespace: string | null;
  readonly rowSecurity: boolean;
  readonly forceRowSecurity: boolean;
  /** `DEFAULT`, `FULL`, `NOTHING` or `USING INDEX name`. */
  readonly replicaIdentity: string;
  readonly comment: string | null;
  readonly columns: readonly Column[];
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly Index[];
}

export interface Column {
  readonly name: string;
  /** With modifiers: `character varying(20)`, `public.status[]`. */
  readonly type: string;
  /** The name of the type in `enums`, `domains` or `composites` that it is made of. */
  readonly usesType: string | null;
  /** Only where it differs from the type's own. */
  readonly collation: string | null;
  readonly notNull: boolean;
  readonly default: string | null;
  /** The default (or a domain's check) has to be computed row by row: adding it rewrites the table. */
  readonly rewrites: boolean;
  readonly identity: Identity | null;
  readonly generated: { readonly expression: string; readonly kind: "stored" | "virtual" } | null;
  /** Columns of the table that the generation expression reads. */
  readonly reads: readonly string[];
  /** Defined by a parent table only. */
  readonly inherited: boolean;
  readonly compression: string | null;
  /** Only where it differs from the type's own. */
  readonly storage: string | null;
  readonly statistics: number | null;
  /** `n_distinct=5`, sorted. */
  readonly options: readonly string[];
  readonly comment: string | null;
}

export interface Identity {
  readonly always: boolean;
  readonly options: SequenceOptions;
  /** The name of its own sequence; null in a desired state that leaves it to the server. */
  readonly sequence: string | null;
  /** On that sequence. */
  readonly comment: string | null;
}

export type ConstraintKind = "primary" | "unique" | "foreign" | "check" | "exclude";

export interface Constraint {
  readonly name: string;
  readonly kind: ConstraintKind;
  /** `FOREIGN KEY (a) REFERENCES public.b(id)`, without `NOT VALID`. */
  readonly definition: string;
  /** The table's own columns that it is about. */
  readonly columns: readonly string[];
  readonly references: { readonly table: string; readonly columns: readonly string[] } | null;
  /** Storage parameters of the index behind it. */
  readonly indexOptions: readonly string[];
  readonly validated: boolean;
  readonly comment: string | null;
  /** On the index behind it. */
  readonly indexComment: string | null;
}

export interface Index {
  readonly name: string;
  readonly unique: boolean;
  /** From `USING` on. */
  readonly definition: string;
  readonly columns: readonly string[];
  /** False for what an interrupted concurrent build left behind. */
  readonly valid: boolean;
  readonly comment: string | null;
}
