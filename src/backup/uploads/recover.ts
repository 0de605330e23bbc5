/**
 * Finishes or undoes what a killed restore left. A swap that had begun is decided by its transaction:
 * committed, the new uploads stay; rolled back, the old ones return. Whoever settles a folder first
 * gives it a name of its own, so that the guardian of the killed restore and the command that comes
 * next never work on one folder together.
 */
import { readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SuperviseError } from "../../errors.js";
import type { CommitOutcome } from "../load/transaction.js";
import { hasCode } from "../node-error.js";
import type { Transaction } from "../outcome.js";
import { ownName } from "../owner.js";
import {
  anyStaging,
  claimedName,
  findLeftovers,
  JOURNAL,
  judgeLeftover,
  type Leftover,
} from "./leftovers.js";
import { unwritable } from "../refusals.js";
import { removeTree, undoSwap, type Journal } from "./swap.js";

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
  const { uploads, mode, existed, permissions, transaction } = fields;
  return {
    uploads: String(uploads),
    mode: mode === "entries" ? "entries" : "folder",
    existed: existed === true,
    permissions: Number(permissions),
    transaction: readTransaction(transaction),
  };
}

function readTransaction(value: unknown): Transaction {
  const fields: Record<string, unknown> = typeof value === "object" ? { ...value } : {};
  const { xid, cluster } = fields;
  return { xid: String(xid), cluster: typeof cluster === "string" ? cluster : null };
}

export interface Settling {
  /** What became of a transaction. */
  readonly outcome: (transaction: Transaction) => Promise<CommitOutcome>;
  /** Runs `work` under the migration lock; `held`: it is. */
  readonly lock: "held" | ((work: () => Promise<void>) => Promise<void>);
}

const PATIENCE_MS = 30_000;
const PAUSE_MS = 50;

/**
 * @param uploads the uploads folder, links resolved
 * @throws RESTORE_REFUSED (65) when the server does not know any more; nothing is touched then.
 *   LOCK_TIMEOUT (75) when another process is still at it
 */
export async function recoverUploads(uploads: string, settling: Settling): Promise<void> {
  const { lock, outcome } = settling;
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const todo = await nextOf(uploads, settling);
    if (todo === null) return;
    const [{ path }, what] = todo;
    if (what === "settle") await settleStaging(uploads, path, outcome);
    else if (what === "lock" && lock !== "held") {
      return lock(() => recoverUploads(uploads, { ...settling, lock: "held" }));
    } else {
      if (performance.now() > deadline) throw stillAtIt(path);
      await sleep(PAUSE_MS);
    }
  }
}

type Todo = readonly [Leftover, "settle" | "wait" | "lock"];

async function nextOf(uploads: string, { lock }: Settling): Promise<Todo | null> {
  for (const found of await findLeftovers(uploads)) {
    const what = judgeLeftover(found, lock === "held");
    if (what !== "leave") return [found, what];
  }
  return null;
}

function stillAtIt(path: string): SuperviseError {
  return new SuperviseError("LOCK_TIMEOUT", {
    what: "another process is still settling the uploads of an earlier restore",
    where: path,
    remedy: "try again when it has ended",
  });
}

/** One folder, whose restore is known to have ended. Does nothing when somebody else was faster. */
export async function settleStaging(
  uploads: string,
  staging: string,
  outcome: (transaction: Transaction) => Promise<CommitOutcome>,
): Promise<void> {
  const claimed = join(dirname(staging), claimedName(uploads, ownName()));
  try {
    await rename(staging, claimed);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw unwritable(staging, error);
  }
  const journal = await readJournal(claimed);
  if (journal !== null) await settle(claimed, journal, await outcome(journal.transaction));
  await removeTree(claimed);
}

async function settle(staging: string, journal: Journal, outcome: CommitOutcome): Promise<void> {
  if (outcome === "rolled back") return undoSwap(staging, journal);
  if (outcome === "committed") return;
  throw new SuperviseError("RESTORE_REFUSED", {
    what: `a killed restore left ${anyStaging(journal.uploads)}, and this server does not know whether it had committed`,
    where: journal.uploads,
    remedy: `the old uploads are in ${join(anyStaging(journal.uploads), "old")}: keep the right ones, then remove that folder`,
  });
}
