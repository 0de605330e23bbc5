/** What `backup restore` prints for people and for programs. */
import { showPath } from "../../backup/archive/member-path.js";
import type { Metadata } from "../../backup/metadata.js";
import type { RestorePlan, RestoreResult } from "../../backup/restore.js";
import { formatSize } from "../../util/units.js";

/** Text from an archive, without control characters. */
const clean = (text: string): string => showPath(Buffer.from(text));

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

function summary(metadata: Metadata): { tables: number; rows: number } {
  return {
    tables: metadata.tables.length,
    rows: metadata.tables.reduce((sum, table) => sum + table.rows, 0),
  };
}

export function renderRestorePlan({ info, target, report }: RestorePlan): string {
  const { metadata } = info;
  const { tables, rows } = summary(metadata);
  const { uploads } = metadata;
  return [
    `backup    ${info.path} (${formatSize(info.bytes)}), every checksum is right`,
    `made      ${clean(metadata.timestamp)} of ${clean(metadata.project)} ${clean(metadata.framework_version ?? "")}, revision ${clean(metadata.revision ?? "none")}`,
    `database  ${plural(tables, "table")}, ${plural(rows, "row")}, ${plural(metadata.sequences.length, "sequence")}`,
    `uploads   ${uploads === null ? "none: the present ones stay" : `${plural(uploads.files, "file")}, ${formatSize(uploads.bytes)}`}`,
    `into      ${target}`,
    ...report.notes.map((note) => `note      ${clean(note)}`),
    ...report.needsForce.map((obstacle) => `replaces  ${clean(obstacle)} (needs --force)`),
    "",
  ].join("\n");
}

export function restorePlanDocument({ info, target, report, uploadsLost }: RestorePlan): unknown {
  const { metadata } = info;
  return {
    from: info.path,
    bytes: info.bytes,
    target,
    timestamp: metadata.timestamp,
    project: metadata.project,
    framework_version: metadata.framework_version,
    revision: metadata.revision,
    tables: metadata.tables.map(({ schema, name, rows }) => ({ name: `${schema}.${name}`, rows })),
    sequences: metadata.sequences.length,
    uploads: metadata.uploads,
    uploads_lost: uploadsLost,
    occupied: report.occupied,
    needs_force: report.needsForce,
    notes: report.notes,
  };
}

export function renderRestored({ info, tables, rows, warnings }: RestoreResult): string {
  const { uploads } = info.metadata;
  const files =
    uploads === null ? "the uploads were left as they are" : plural(uploads.files, "upload");
  return [
    `restored ${info.path}: ${plural(tables, "table")}, ${plural(rows, "row")}, ${files}`,
    ...warnings.map((warning) => `  warning   ${warning}`),
    "",
  ].join("\n");
}

export function restoredDocument({ info, tables, rows, warnings }: RestoreResult): unknown {
  return {
    from: info.path,
    restored: true,
    tables,
    rows,
    uploads: info.metadata.uploads,
    warnings,
  };
}
