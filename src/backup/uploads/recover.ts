/**
 * Finishes or undoes what a killed restore left: staging folders whose process is gone. One that had
 * begun to swap is decided by its transaction: committed, the new uploads stay; rolled back, the old
 * ones return.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SuperviseError } from "../../errors.js";
import { machineId, processGone } from "../archive/partials.js";
import type { CommitOutcome } from "../load/transaction.js";
import { hasCode } from "../node-error.js";
import { JOURNAL, removeTree, undoSwap, type Journal } from "./swap.js";

async function leftovers(folder: string, uploads: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
  const prefix = `.${basename(uploads)}.restore-${machineId()}-`;
  return names
    .filter((name) => {
      const pid = /^(\d+)-[0-9a-f]{8}$/.exec(name.slice(prefix.length))?.[1];
      return name.startsWith(prefix) && pid !== undefined && processGone(Number(pid));
    })
    .map((name) => join(folder, name));
}

/** Null: the swap had not begun. */
async function readJournal(folder: string): Promise<Journal | null> {
  let text: string;
  try {
    text = await readFile(join(folder, JOURNAL), "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
  // Written whole before the swap: one that cannot be read was being written, and nothing was moved.
  if (!text.endsWith("}")) return null;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  const fields: Record<string, unknown> = { ...value };
  const { uploads, mode, existed, database, xid } = fields;
  return {
    version: 1,
    uploads: String(uploads),
    mode: mode === "entries" ? "entries" : "folder",
    existed: existed === true,
    database: String(database),
    xid: String(xid),
  };
}

/**
 * @param folder the uploads folder, as configured
 * @param outcome what became of a transaction
 * @throws RESTORE_REFUSED when the server does not know any more; nothing is touched then
 */
export async function recoverUploads(
  folder: string,
  outcome: (xid: string) => Promise<CommitOutcome>,
): Promise<void> {
  const found = [
    ...(await leftovers(dirname(folder), folder)),
    ...(await leftovers(folder, folder)),
  ];
  for (const staging of found) await settleStaging(staging, outcome);
}

/** The same for one staging folder whose process is known to be gone. */
export async function settleStaging(
  staging: string,
  outcome: (xid: string) => Promise<CommitOutcome>,
): Promise<void> {
  const journal = await readJournal(staging);
  if (journal !== null) await settle(staging, journal, await outcome(journal.xid));
  await removeTree(staging);
}

async function settle(staging: string, journal: Journal, outcome: CommitOutcome): Promise<void> {
  if (outcome === "rolled back") return undoSwap(staging, journal);
  if (outcome === "committed") return;
  throw new SuperviseError("RESTORE_REFUSED", {
    what: `a killed restore left ${staging}, and the server no longer knows whether it had committed`,
    where: journal.uploads,
    remedy: `the old uploads are in ${join(staging, "old")}: keep the right ones, then remove that folder`,
  });
}
