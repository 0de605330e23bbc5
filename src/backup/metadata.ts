/**
 * `metadata.json`: what a backup is of, complete enough to refuse a wrong restore before anything is
 * touched. The parser takes exactly this shape; an archive may come from anywhere.
 */
import type { SequencePosition } from "./database/snapshot.js";

/** The format that this program writes and the newest that it reads. */
export const FORMAT_VERSION = 1;

/** metadata.json may have this many bytes: enough for some 5,000 tables of 30 columns. */
export const LARGEST_METADATA = 8 << 20;

export interface MetadataColumn {
  readonly name: string;
  readonly type: string;
}

export interface MetadataTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** The columns that are saved, in the order of their values; generated ones are not. */
  readonly columns: readonly MetadataColumn[];
  /** For an extension's configuration table: which rows are saved, as a WHERE clause; else "". */
  readonly condition: string;
  /** The member with its rows; null when they are in the pg_dump member. */
  readonly member: string | null;
}

export interface MetadataView {
  readonly schema: string;
  readonly name: string;
  readonly populated: boolean;
}

export interface MetadataLargeObjects {
  readonly count: number;
}

export interface Metadata {
  readonly format_version: number;
  readonly project: string;
  /** The framework that the pin is about, and the version that was installed; null when none was. */
  readonly framework: string;
  readonly framework_version: string | null;
  /** UTC, ISO 8601. */
  readonly timestamp: string;
  /** Version of the program that wrote the archive. */
  readonly written_by: string;
  readonly engine: "pg_dump" | "copy";
  readonly pg_dump_version: string | null;
  readonly database: {
    readonly name: string;
    readonly namespace: string;
    readonly encoding: string;
    readonly server_version: string;
  };
  /** The last revision that was applied; null when there was none. */
  readonly revision: string | null;
  readonly schema_fingerprint: string;
  readonly tables: readonly MetadataTable[];
  readonly sequences: readonly SequencePosition[];
  readonly materialized_views: readonly MetadataView[];
  readonly large_objects: MetadataLargeObjects;
  /** Null when the backup holds no uploads: none were there, or `--data-only`. */
  readonly uploads: {
    readonly files: number;
    readonly folders: number;
    readonly bytes: number;
  } | null;
  /** Bytes of all members, unpacked, without metadata.json and SHA256SUMS. */
  readonly sizes: { readonly database: number; readonly uploads: number; readonly total: number };
  /** Members of the database with size and SHA-256; those of the uploads stand in SHA256SUMS. */
  readonly members: readonly {
    readonly path: string;
    readonly size: number;
    readonly sha256: string;
  }[];
  /** Offsets in the file of tar headers that were written after their content (footer.ts). */
  readonly patched_headers: readonly number[];
  readonly left_out: readonly { readonly name: string; readonly reason: string }[];
  readonly warnings: readonly string[];
}

/** As it stands in the archive: a table, sequence or member a line. */
export function encodeMetadata(metadata: Metadata): Buffer {
  const lines = Object.entries(metadata).map(([key, value]) => {
    const text =
      Array.isArray(value) && value.length > 0
        ? `[\n${value.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`
        : JSON.stringify(value);
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return Buffer.from(`{\n${lines.join(",\n")}\n}\n`);
}
