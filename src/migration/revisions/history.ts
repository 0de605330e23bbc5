/** The project's revisions beside those that the database has recorded. Pure but for the error it makes. */
import { SuperviseError } from "../../errors.js";
import type { AppliedRevision } from "../record.js";
import { compareVersions } from "./folder.js";
import type { Revision } from "./file.js";

/**
 * applied: as recorded. edited: recorded with another checksum. missing: recorded, the file is gone.
 * out-of-order: not recorded though a later one is. pending: not recorded.
 */
type RevisionState = "applied" | "edited" | "missing" | "out-of-order" | "pending";

export interface HistoryEntry {
  readonly version: string;
  readonly name: string;
  readonly state: RevisionState;
  readonly appliedAt: string | null;
  /** Null when the file is missing. */
  readonly revision: Revision | null;
}

export function compareHistory(
  files: readonly Revision[],
  applied: readonly AppliedRevision[],
): HistoryEntry[] {
  const recorded = new Map(applied.map((item) => [item.version, item]));
  const newest = applied.reduce<string | null>(
    (top, { version }) => (top === null || compareVersions(version, top) > 0 ? version : top),
    null,
  );
  const known = new Set(files.map(({ version }) => version));
  const entries = files.map((revision): HistoryEntry => {
    const record = recorded.get(revision.version);
    const late = newest !== null && compareVersions(revision.version, newest) < 0;
    const state =
      record === undefined
        ? late
          ? "out-of-order"
          : "pending"
        : record.checksum === revision.checksum
          ? "applied"
          : "edited";
    const { version, name } = revision;
    return { version, name, state, appliedAt: record?.appliedAt ?? null, revision };
  });
  const missing = applied
    .filter(({ version }) => !known.has(version))
    .map(({ version, name, appliedAt }): HistoryEntry => ({
      version,
      name,
      state: "missing",
      appliedAt,
      revision: null,
    }));
  return [...entries, ...missing].sort((a, b) => compareVersions(a.version, b.version));
}

export function currentVersion(entries: readonly HistoryEntry[]): string | null {
  return entries.filter(({ appliedAt }) => appliedAt !== null).at(-1)?.version ?? null;
}

/** The newest applied one that a person can name as a target. */
const newestWithFile = (entries: readonly HistoryEntry[]): string | null =>
  currentVersion(entries.filter(({ revision }) => revision !== null));

/**
 * The pending ones up to the first that holds no statement yet: in development a new revision is seen
 * before its author has filled it in, and once recorded it could not be edited any more.
 */
export function writtenOf(pending: readonly Revision[]): Revision[] {
  const open = pending.findIndex(({ up }) => up.sql.replaceAll(/--[^\n]*/g, "").trim() === "");
  return open === -1 ? [...pending] : pending.slice(0, open);
}

export const pendingOf = (entries: readonly HistoryEntry[]): Revision[] =>
  entries.flatMap(({ state, revision }) =>
    (state === "pending" || state === "out-of-order") && revision !== null ? [revision] : [],
  );

/** @throws SuperviseError REVISION_INVALID for an edited, missing or out-of-order file. */
export function refuseBroken(entries: readonly HistoryEntry[], folder: string): void {
  const broken = entries.find(({ state }) => state !== "applied" && state !== "pending");
  if (broken === undefined) return;
  const name = `${broken.version}_${broken.name}`;
  const where = broken.revision?.file ?? `${folder}/${name}.sql`;
  // Up to where the database is: a later target would mark what never ran, an earlier one would have
  // what did run be run again.
  const stamp = `supervise db stamp ${newestWithFile(entries) ?? "base"}`;
  if (broken.state === "edited") {
    throw new SuperviseError("REVISION_INVALID", {
      what: `the revision ${name} was edited after it was applied`,
      where,
      remedy: `bring back the text that ran and write a new revision, or accept the edit: ${stamp}`,
    });
  }
  if (broken.state === "missing") {
    throw new SuperviseError("REVISION_INVALID", {
      what: `the revision ${name} was applied and its file is missing`,
      where,
      remedy: `bring the file back; or forget it: ${stamp}`,
    });
  }
  throw new SuperviseError("REVISION_INVALID", {
    what: `the revision ${name} is out of order: a later one, ${currentVersion(entries) ?? ""}, is applied already`,
    where,
    remedy: `give the file a version later than that, or mark it as applied: ${stamp}`,
  });
}

/** @throws SuperviseError REVISIONS_PENDING. */
export function refusePending(pending: readonly Revision[]): void {
  const [first] = pending;
  if (first === undefined) return;
  throw new SuperviseError("REVISIONS_PENDING", {
    what: `${pending.length === 1 ? "a revision is" : `${pending.length} revisions are`} pending: ${pending.map(({ version, name }) => `${version}_${name}`).join(", ")}`,
    where: first.file,
    remedy: "run supervise db upgrade first, for example in the release phase",
  });
}
