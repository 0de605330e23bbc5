/** One statement of schema.sql, understood: what parse.ts gives and scratch.ts runs. */

import type { Memo } from "./memo.js";
import type { StatementKind } from "./rules.js";

export interface Place {
  /** As a person wrote it in the configuration: relative to the project. */
  readonly file: string;
  readonly line: number;
}

export interface SchemaStatement extends Place {
  readonly kind: StatementKind;
  /** The text with every name of the namespace in place of which `scratchSql` puts the scratch schema. */
  readonly sql: string;
  /** The places in `sql` at which the scratch schema's name stands in for the namespace; found when asked for. */
  readonly edits: () => readonly Edit[];
  /** Place of the file among the files. */
  readonly fileIndex: number;
  /** Offset of `sql` in the file, for the server's error positions. */
  readonly start: number;
  /** `relation:task`, `type:status`: what it creates. */
  readonly defines: readonly string[];
  /** What has to exist before it. */
  readonly needs: readonly string[];
  /** The table, type or sequence that it is part of. */
  readonly subject: string;
  /** For a statement about a sequence: the table that it is owned by. */
  readonly ownedBy: string | null;
  /** The subject is a type. */
  readonly aboutType: boolean;
}

/** Replaces `[start, end)` of the statement; `scratch` stands for the scratch schema's name and a dot. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly scratch: boolean;
}

export interface Rename {
  readonly table: string;
  /** Null: the table itself is renamed. */
  readonly column: string | null;
  readonly from: string;
}

export interface WantedExtension {
  readonly name: string;
  readonly schema: string | null;
  readonly version: string | null;
  readonly comment: string | null;
}

/** Everything that the schema files say. */
export interface ParsedSchema {
  readonly statements: readonly SchemaStatement[];
  readonly extensions: readonly WantedExtension[];
  readonly renames: readonly Rename[];
  /** Names of constraints and indexes that the files spell out: `task.task_due_check`, `task_due_idx`. */
  readonly explicitNames: ReadonlySet<string>;
  /** What each statement said, to be kept for the next time (memo.ts). */
  readonly memo: Memo;
}

/** The text that creates it in the scratch schema `scratch` (already quoted). */
export function scratchSql(statement: SchemaStatement, scratch: string): string {
  let sql = "";
  let at = 0;
  for (const edit of statement.edits()) {
    sql += statement.sql.slice(at, edit.start) + (edit.scratch ? `${scratch}.` : "") + edit.text;
    at = edit.end;
  }
  return sql + statement.sql.slice(at);
}
