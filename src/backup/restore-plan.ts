/** What a restore would do and what stands against it, found out without changing anything. */
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import type { Session } from "../postgres/session.js";
import type { ArchiveInfo } from "./archive/archive-reader.js";
import { schemaFingerprint } from "./database/fingerprint.js";
import type { Inventory } from "./database/inventory.js";
import { occupiedTables } from "./database/occupied.js";
import { currentRevision } from "./facts.js";
import { judgeOrigin, judgeSchema, type Refusal } from "./judge.js";
import { restoredTables } from "./load/transaction.js";
import type { Metadata } from "./metadata.js";
import { refused } from "./refusals.js";

export interface TargetReport {
  /** Tables that hold rows now, with schema. */
  readonly occupied: readonly string[];
  /** What only `--force` allows, each a clause. */
  readonly needsForce: readonly string[];
  /** Worth knowing, no obstacle. */
  readonly notes: readonly string[];
}

/** Misfits that are named one by one. */
const MOST_NAMED = 10;

/** @throws RESTORE_REFUSED (65) for what no option overrides */
export function refuseOrigin(info: ArchiveInfo, config: Config): void {
  const [first] = judgeOrigin(info.metadata, config);
  if (first !== undefined) throw refusal(info, first);
}

function refusal(info: ArchiveInfo, { what, remedy }: Refusal): SuperviseError {
  return refused(`the backup does not belong here: ${what}`, info.path, remedy);
}

/** @throws RESTORE_REFUSED (65) naming the table or column */
export function refuseSchema(info: ArchiveInfo, inventory: Inventory): void {
  const misfits = judgeSchema(info.metadata, inventory);
  const [first] = misfits;
  if (first === undefined) return;
  const shown = misfits.slice(0, MOST_NAMED);
  const more = misfits.length - shown.length;
  throw new SuperviseError("RESTORE_REFUSED", {
    what: `the database's schema does not fit the backup: ${first}${misfits.length > 1 ? `, and ${misfits.length - 1} more` : ""}`,
    where: info.path,
    remedy: "bring the database to the backup's revision (supervise migrate, supervise db upgrade)",
    ...(misfits.length > 1
      ? { details: [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n") }
      : {}),
  });
}

function refuseForeign(inventory: Inventory, metadata: Metadata): void {
  const views = inventory.views.filter((view) => !view.owned);
  const others = [...restoredTables(metadata, inventory), ...inventory.sequences, ...views].filter(
    (one) => !one.owned,
  );
  const [first] = others;
  if (first === undefined) return;
  throw new SuperviseError("PRIVILEGE_MISSING", {
    what: `the restore's role does not own ${first.schema}.${first.name}`,
    where: `${others.length} of the schema's tables, sequences and views`,
    remedy: "run it as the owner, or as a member of the owning role",
  });
}

async function revisionNote(
  session: Session,
  info: ArchiveInfo,
  inventory: Inventory,
): Promise<{ force?: string; note?: string }> {
  const { revision, schema_fingerprint: fingerprint, database } = info.metadata;
  const now = await currentRevision(session, database.namespace);
  if (now === revision) return {};
  const text = `the backup was made at revision ${revision ?? "none"}, the database is at ${now ?? "none"}`;
  const same = (await schemaFingerprint(session, inventory)) === fingerprint;
  return same ? { note: `${text}; their schemas are equal` } : { force: text };
}

/**
 * Holds the backup against the database. In a transaction with the rows visible (see `occupiedTables`).
 *
 * @throws RESTORE_REFUSED (65), PRIVILEGE_MISSING (78)
 */
export async function judgeTarget(
  session: Session,
  info: ArchiveInfo,
  inventory: Inventory,
): Promise<TargetReport> {
  refuseSchema(info, inventory);
  refuseForeign(inventory, info.metadata);
  const tables = restoredTables(info.metadata, inventory);
  const occupied = (await occupiedTables(session, tables)).map(
    ({ schema, name }) => `${schema}.${name}`,
  );
  const { force, note } = await revisionNote(session, info, inventory);
  const known = new Set(tables.map((table) => table.oid));
  const untouched = inventory.tables.filter((table) => !known.has(table.oid));
  return {
    occupied,
    needsForce: [
      ...(occupied.length > 0
        ? [`${occupied.length} of its tables hold rows, for example ${occupied[0] ?? ""}`]
        : []),
      ...(force === undefined ? [] : [force]),
    ],
    notes: [
      ...(note === undefined ? [] : [note]),
      ...untouched.map(({ schema, name }) => `${schema}.${name} is not in the backup and stays`),
    ],
  };
}

/** @throws RESTORE_REFUSED (65) naming all that `--force` would allow */
export function refuseWithoutForce(info: ArchiveInfo, needsForce: readonly string[]): void {
  if (needsForce.length === 0) return;
  throw refused(
    `restoring would replace what is there: ${needsForce.join("; ")}`,
    info.path,
    "make sure that it may be lost, then add --force",
  );
}
