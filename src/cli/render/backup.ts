/** What the backup commands print for people. */
import type { ArchiveInfo } from "../../backup/archive/archive-reader.js";
import { showPath } from "../../backup/archive/member-path.js";
import type { CreatePlan, CreateResult } from "../../backup/create.js";
import type { ListedBackup } from "../../backup/list.js";
import type { Metadata } from "../../backup/metadata.js";
import type { PrunePlan } from "../../backup/prune.js";
import { formatDuration, formatSize } from "../../util/units.js";
import { renderTable } from "./table.js";

/** Text from an archive, without control characters. */
const clean = (text: string): string => showPath(Buffer.from(text));

const lines = (...parts: readonly string[]): string => `${parts.join("\n")}\n`;

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

function contents(metadata: Metadata): string[] {
  const rows = metadata.tables.reduce((sum, table) => sum + table.rows, 0);
  const uploads = metadata.uploads;
  return [
    `  database  ${plural(metadata.tables.length, "table")}, ${plural(rows, "row")}, ` +
      `${plural(metadata.sequences.length, "sequence")} (${metadata.engine}, server ${clean(metadata.database.server_version)})`,
    uploads === null
      ? "  uploads   none"
      : `  uploads   ${plural(uploads.files, "file")}, ${formatSize(uploads.bytes)}`,
  ];
}

function notes(metadata: Metadata): string[] {
  return [
    ...metadata.left_out.map(({ name, reason }) => `  left out  ${clean(name)}: ${clean(reason)}`),
    ...metadata.warnings.map((warning) => `  warning   ${clean(warning)}`),
  ];
}

export function renderCreated({ path, bytes, metadata }: CreateResult): string {
  return lines(
    `backup written: ${path ?? "standard output"} (${formatSize(bytes)})`,
    ...contents(metadata),
    ...notes(metadata),
  );
}

export function renderPlan(plan: CreatePlan): string {
  const { database, uploads } = plan;
  const size = database.tables.reduce((sum, table) => sum + table.bytes, 0);
  const reason = plan.engine_reason === null ? "" : ` (${plan.engine_reason})`;
  return lines(
    `would write ${plan.output}`,
    `  engine    ${plan.engine}${reason}`,
    `  database  ${plural(database.tables.length, "table")}, ${formatSize(size)} on disk, ` +
      `${plural(database.sequences, "sequence")}, schema ${database.namespace}, server ${database.server_version}`,
    ...database.tables.map(
      ({ name, bytes }) => `              ${clean(name)}  ${formatSize(bytes)}`,
    ),
    uploads === null
      ? "  uploads   none"
      : `  uploads   ${uploads.folder}: ${plural(uploads.files, "file")}, ${formatSize(uploads.bytes)}`,
    ...plan.left_out.map(({ name, reason: why }) => `  left out  ${clean(name)}: ${why}`),
    "nothing was changed",
  );
}

/** What `list --json` prints. */
export function listDocument(backups: readonly ListedBackup[]): unknown {
  return {
    backups: backups.map((backup) => ({
      name: backup.name,
      path: backup.path,
      created_at: backup.metadata?.timestamp ?? new Date(backup.time).toISOString(),
      bytes: backup.bytes,
      project: backup.metadata?.project ?? null,
      framework_version: backup.metadata?.framework_version ?? null,
      revision: backup.metadata?.revision ?? null,
      engine: backup.metadata?.engine ?? null,
      verified: backup.verified,
      problem: backup.problem,
    })),
  };
}

export function renderList(backups: readonly ListedBackup[], now: Date): string {
  if (backups.length === 0) return "no backups\n";
  const columns = [
    { title: "NAME" },
    { title: "AGE", align: "right" as const },
    { title: "SIZE", align: "right" as const },
    { title: "PROJECT" },
    { title: "VERSION" },
    { title: "REVISION" },
    { title: "VERIFIED" },
  ];
  const rows = backups.map((backup) => [
    backup.name,
    formatDuration(Math.max(now.getTime() - backup.time, 0)),
    formatSize(backup.bytes),
    clean(backup.metadata?.project ?? "-"),
    clean(backup.metadata?.framework_version ?? "-"),
    clean(backup.metadata?.revision ?? "-"),
    backup.problem === null ? (backup.verified ?? "no") : `damaged: ${clean(backup.problem)}`,
  ]);
  return `${renderTable(columns, rows)}\n`;
}

export function renderVerified({ path, bytes, metadata }: ArchiveInfo): string {
  return lines(`good: ${path} (${formatSize(bytes)})`, ...contents(metadata), ...notes(metadata));
}

export function renderPruned(plan: PrunePlan, dryRun: boolean): string {
  const verb = dryRun ? "would remove" : "removed";
  return lines(
    ...plan.damaged.map(({ path }) => `damaged, left alone: ${path}`),
    ...plan.remove.map(({ path }) => `${verb} ${path}`),
    `${plural(plan.keep.length, "good backup")} kept, ${verb} ${plan.remove.length}`,
  );
}
