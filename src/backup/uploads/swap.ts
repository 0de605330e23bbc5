/**
 * Exchanges the uploads folder for the staged one by renames, and back. The old one stays in the
 * staging folder until the database has committed. A journal says what was begun, so that whoever
 * comes after a kill can finish or undo it (recover.ts).
 *
 * Where the uploads folder is a mount point it cannot be renamed: then its entries are exchanged one
 * by one, with the staging folder inside it.
 */
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  unlink,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "../archive/output.js";
import { hasCode } from "../node-error.js";
import { ownName } from "../owner.js";
import { putBackFailed, unwritable } from "../refusals.js";
import type { Transaction } from "../outcome.js";
import { anyStaging, HALFWAY, JOURNAL, stagingPrefix } from "./leftovers.js";
import { isMountPoint } from "./mount-point.js";

export interface Journal {
  /** The uploads folder, absolute, links resolved. */
  readonly uploads: string;
  readonly mode: "folder" | "entries";
  /** Whether there was an uploads folder before. */
  readonly existed: boolean;
  /** Of the folder before, where only its entries are exchanged. */
  readonly permissions: number;
  /** Decides: committed means the new uploads stay. */
  readonly transaction: Transaction;
}

export interface Staging {
  /** The staging folder, mode 0700. */
  readonly folder: string;
  /** Where the new uploads are unpacked. */
  readonly fresh: string;
  /** Puts the new uploads in place. */
  swap(transaction: Transaction): Promise<void>;
  /** Puts the old uploads back, if they were moved. @throws OUTPUT_UNWRITABLE naming where they are */
  undo(): Promise<void>;
  /** Removes the staging folder with all that is in it: after the commit, or after `undo`. */
  remove(): Promise<void>;
}

const FRESH = "new";
const OLD = "old";

async function present(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

async function resolved(path: string): Promise<{ path: string; existed: boolean }> {
  try {
    const real = await realpath(path);
    if (!(await stat(real)).isDirectory()) {
      throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
    }
    return { path: real, existed: true };
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw unwritable(path, error);
  }
  await mkdir(dirname(path), { recursive: true });
  return { path: join(await realpath(dirname(path)), basename(path)), existed: false };
}

async function moveAll(from: string, to: string, except: string | null): Promise<void> {
  for (const name of await readdir(from, { encoding: "buffer" })) {
    if (except !== null && name.equals(Buffer.from(except))) continue;
    const source = Buffer.concat([Buffer.from(`${from}/`), name]);
    await rename(source, Buffer.concat([Buffer.from(`${to}/`), name]));
  }
}

async function removeSynced(path: string): Promise<void> {
  await unlink(path);
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
}

/** Does what the journal says. */
async function performSwap(folder: string, journal: Journal): Promise<void> {
  const { uploads, mode, existed } = journal;
  const old = join(folder, OLD);
  const fresh = join(folder, FRESH);
  if (mode === "folder") {
    if (existed) await rename(uploads, old);
    await rename(fresh, uploads);
    await syncFolder(dirname(uploads));
    await syncFolder(folder);
    return;
  }
  await mkdir(old, { mode: 0o700 });
  await moveAll(uploads, old, basename(folder));
  await writeSynced(join(folder, HALFWAY), "");
  await moveAll(fresh, uploads, null);
  await chmod(uploads, (await stat(fresh)).mode & 0o777);
  await syncFolder(uploads);
}

/**
 * Puts everything back, from whatever point a swap or an earlier `undoSwap` had reached: each step
 * leaves a mark that the next one goes by, and the journal goes last. After that nothing of this may
 * run again, since the folder is on its way out.
 */
export async function undoSwap(folder: string, journal: Journal): Promise<void> {
  try {
    if (journal.mode === "folder") await undoFolder(folder, journal);
    else await undoEntries(folder, journal);
    await removeSynced(join(folder, JOURNAL));
  } catch (error) {
    throw putBackFailed(journal.uploads, join(anyStaging(journal.uploads), OLD), error);
  }
}

/** That the old folder is in the staging folder says that it was moved there, and that it is not back. */
async function undoFolder(folder: string, { uploads, existed }: Journal): Promise<void> {
  const old = join(folder, OLD);
  const fresh = join(folder, FRESH);
  const moved = existed ? await present(old) : !(await present(fresh));
  if (!moved) return;
  if (!(await present(fresh)) && (await present(uploads))) await rename(uploads, fresh);
  if (existed) await rename(old, uploads);
  await syncFolder(folder);
  await syncFolder(dirname(uploads));
}

async function undoEntries(folder: string, journal: Journal): Promise<void> {
  const { uploads, permissions } = journal;
  const old = join(folder, OLD);
  const halfway = join(folder, HALFWAY);
  if (await present(halfway)) {
    await moveAll(uploads, join(folder, FRESH), basename(folder));
    await removeSynced(halfway);
  }
  if (await present(old)) await moveAll(old, uploads, null);
  await chmod(uploads, permissions);
  await syncFolder(uploads);
}

/** Of the folder as it is; of a missing one nobody will ask. */
async function permissionsOf(folder: string): Promise<number> {
  return (await present(folder)) ? (await stat(folder)).mode & 0o777 : 0;
}

/** Makes the staging folder beside the uploads folder, or inside it where it is a mount point. */
export async function openStaging(
  configured: string,
  announce: (uploads: string, folder: string) => void,
): Promise<Staging> {
  const { path: uploads, existed } = await resolved(configured);
  const mode = existed && (await isMountPoint(uploads)) ? "entries" : "folder";
  const name = stagingPrefix(uploads) + ownName();
  const folder = join(mode === "entries" ? uploads : dirname(uploads), name);
  const fresh = join(folder, FRESH);
  let journal: Journal | null = null;
  // Before there is anything: a kill between the two would leave it behind.
  announce(uploads, folder);
  try {
    await mkdir(folder, { mode: 0o700 });
    await mkdir(fresh, { mode: 0o700 });
  } catch (error) {
    throw unwritable(folder, error);
  }
  return {
    folder,
    fresh,
    async swap(transaction) {
      try {
        const permissions = await permissionsOf(uploads);
        const begun: Journal = { uploads, mode, existed, permissions, transaction };
        await writeSynced(join(folder, JOURNAL), JSON.stringify(begun));
        journal = begun;
        await performSwap(folder, begun);
      } catch (error) {
        throw unwritable(uploads, error);
      }
    },
    async undo() {
      if (journal !== null) await undoSwap(folder, journal);
      journal = null;
    },
    async remove() {
      await removeTree(folder);
    },
  };
}

/** A folder inside may have a mode that keeps even its owner from emptying it. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    if (!hasCode(error, "EACCES", "EPERM", "ENOTEMPTY")) throw error;
    await makeRemovable(Buffer.from(folder));
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeRemovable(folder: Buffer): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { encoding: "buffer", withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    await makeRemovable(Buffer.concat([folder, Buffer.from("/"), entry.name]));
  }
}
