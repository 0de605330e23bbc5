/** What differs between a live and a desired model, as data. classify.ts judges, sql.ts writes it. */
import type {
  Column,
  Composite,
  Constraint,
  Domain,
  EnumType,
  Extension,
  Index,
  Sequence,
  Table,
} from "./model.js";

/** The names of the contract, section 5. A created domain or composite type is a `create_enum`. */
export type SafeOperation =
  | "create_extension"
  | "create_enum"
  | "add_enum_value"
  | "create_sequence"
  | "create_table"
  | "add_column"
  | "add_index"
  | "add_constraint"
  | "validate_constraint"
  | "set_comment";

export type UnsafeOperation =
  | "drop_table"
  | "drop_column"
  | "drop_index"
  | "drop_constraint"
  | "drop_enum_value"
  | "drop_sequence"
  | "rename_table"
  | "rename_column"
  | "change_type"
  | "set_not_null"
  | "drop_not_null"
  | "change_default"
  | "add_not_null_column"
  | "change_primary_key"
  | "change_identity"
  | "change_generated"
  | "change_index"
  | "change_constraint"
  | "change_enum"
  | "replace_view"
  | "unsupported";

/** What may be applied, unless the size of a table or something held back stands against it. */
export type Addition =
  | { readonly kind: "create_extension"; readonly extension: Extension }
  | {
      readonly kind: "create_type";
      readonly type: NewType;
      /** What has to be gone before, where it holds the name. */
      readonly needs: readonly string[];
    }
  | {
      readonly kind: "add_enum_value";
      readonly type: string;
      readonly value: string;
      /** The live value that it goes in front of; null: at the end. */
      readonly before: string | null;
    }
  | {
      readonly kind: "create_sequence";
      readonly sequence: Sequence;
      /** What has to be gone before, where it holds the name. */
      readonly needs: readonly string[];
    }
  | {
      readonly kind: "own_sequence";
      readonly sequence: Sequence;
      /** It is there, and may be in use. */
      readonly adopts: boolean;
    }
  | {
      readonly kind: "create_table";
      readonly table: Table;
      /** What its parents need to be and to have before. */
      readonly needs: readonly string[];
      /** The default partition that the server searches for rows of this one. */
      readonly scans: string | null;
    }
  | {
      readonly kind: "add_column";
      readonly table: Table;
      readonly column: Column;
      readonly needs: readonly string[];
    }
  | {
      readonly kind: "add_index";
      readonly table: Table;
      readonly index: Index;
      /** The table is created by the same plan. */
      readonly onNew: boolean;
      /** What has to be gone before, where it holds the name. */
      readonly needs: readonly string[];
      /** An invalid index of this name is in the way. */
      readonly replacesInvalid: boolean;
      /** Indexes of partitions, by partition, that become parts of it. */
      readonly parts: ReadonlyMap<string, string>;
    }
  | {
      readonly kind: "add_constraint";
      readonly table: Table;
      readonly constraint: Constraint;
      readonly onNew: boolean;
      /** What has to be gone before, where it cannot be beside it. */
      readonly needs: readonly string[];
      /** A unique index of this name: "ready" to be used, "invalid" to be replaced, or null. */
      readonly index: "ready" | "invalid" | null;
    }
  | {
      readonly kind: "validate_constraint";
      readonly table: Table;
      readonly constraint: Constraint;
    }
  | {
      readonly kind: "set_comment";
      readonly table: string | null;
      readonly object: string;
      /** `COLUMN public.task.due` */
      readonly target: string;
      readonly comment: string | null;
      readonly needs: readonly string[];
    };

export type NewType =
  | ({ readonly of: "enum" } & EnumType)
  | ({ readonly of: "domain" } & Domain)
  | ({ readonly of: "composite" } & Composite);

/** What of the way back belongs in front of, or behind, that of every other change. */
export interface Undo {
  /** Constraints that the change has added. */
  readonly first: readonly string[];
  /** Keys that it has dropped, which foreign keys stand on. */
  readonly keys: readonly string[];
  /** Foreign keys that it has dropped. */
  readonly references: readonly string[];
  /** Old names: everything else is spelled with the new ones. */
  readonly names: readonly string[];
}

/** A change of a column's type, as the server is asked about it on a table of its own. */
export interface Retyping {
  readonly from: string;
  readonly to: string;
  /** Both for people: with what else of the type changes, such as the collation. */
  readonly what: string;
  /** As it is, under the names that it has once renames are done. */
  readonly table: Table;
  readonly column: string;
  /** Behind `ALTER COLUMN c`: `TYPE text USING c::text`. */
  readonly clause: string;
  /** It goes by way of text, which leads from every type to every other, though not for every value. */
  readonly byText: boolean;
  /** Indexes, keys and checks on the column that stay as they are. */
  readonly keeps: readonly string[];
  /** Makes the type, where it is a domain of the same plan. */
  readonly creates: string | null;
}

/** What the server does for a change of type. */
export interface Retyped {
  /** Every row is written anew, and every index with it. */
  readonly rewrites: boolean;
  /** The new type takes every value of the old one. */
  readonly fits: boolean;
  /** Indexes that are built anew all the same. */
  readonly rebuilds: readonly string[];
  /** Checks that every row is held to once more. */
  readonly tests: readonly string[];
}

/** What a foreign key may stand on, and how it goes. */
export interface Standing {
  /** As what adds these keys provides them. */
  readonly keys: readonly string[];
  readonly drop: string;
}

interface Renamed {
  readonly of: "INDEX" | "SEQUENCE";
  readonly from: string;
  readonly to: string;
}

/** Who does a change that has no statements of its own. */
export type Elsewhere =
  | { readonly by: "another"; readonly statements: readonly string[] }
  | { readonly by: "next apply"; readonly addition: Addition };

/** What a person decides, with the SQL that a revision would hold. */
export interface Alteration {
  readonly kind: "alteration";
  readonly operation: UnsafeOperation;
  readonly table: string | null;
  readonly object: string;
  readonly reason: string;
  /** What has to go out of the way before anything else of the revision: dropped constraints. */
  readonly first: readonly string[];
  readonly up: readonly string[];
  /** What comes back behind everything else: foreign keys that went with a key they stand on. */
  readonly last: readonly string[];
  /** For statements of `last` that bring a foreign key back. */
  readonly standing: ReadonlyMap<string, Standing>;
  /** Of an index, or of a constraint with one, that only gets another name, or of an identity's sequence. */
  readonly newName: Renamed | null;
  /** Null: it cannot be undone. */
  readonly down: readonly string[] | null;
  readonly undo: Undo;
  /** What a person has to check or write; printed as a comment in the revision. */
  readonly note: string | null;
  /** `column:task.title`: what is not as desired until this is done. */
  readonly provides: readonly string[];
  /** What has to be done before it, among the alterations. */
  readonly needs: readonly string[];
  /** For a change of type: what the server knows of it is asked before the plan is final. */
  readonly cast: Retyping | null;
  /** The answer; null where there was nothing to ask, or the type is yet to be made. */
  readonly retyped: Retyped | null;
  readonly elsewhere: Elsewhere | null;
  /** Statements that cannot run in a transaction. */
  readonly transactional: boolean;
}

export type Change = Addition | Alteration;

export const key = {
  table: (name: string) => `table:${name}`,
  column: (table: string, name: string) => `column:${table}.${name}`,
  identity: (table: string, name: string) => `identity:${table}.${name}`,
  notNull: (table: string, name: string) => `notnull:${table}.${name}`,
  type: (name: string) => `type:${name}`,
  sequence: (name: string) => `sequence:${name}`,
  index: (name: string) => `index:${name}`,
  constraint: (table: string, name: string) => `constraint:${table}.${name}`,
  /** Everything that a foreign key can refer to in a table. */
  keys: (table: string) => `keys:${table}`,
  extension: (name: string) => `extension:${name}`,
  partitioned: (name: string) => `partitioned:${name}`,
  gone: (name: string) => `gone:${name}`,
  goneTable: (name: string) => `gone:table.${name}`,
  /** No row of the table's type may be held elsewhere before this is done. */
  rows: (table: string) => `rows:${table}`,
  /** The table is a part of the parents that it shall be a part of. */
  parents: (table: string) => `parents:${table}`,
  goneType: (name: string) => `gone:type.${name}`,
} as const;
