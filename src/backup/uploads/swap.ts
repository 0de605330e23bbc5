/**
 * Exchanges the uploads folder for the staged one by renames, and back. The old one stays in the
 * staging folder until the database has committed. A journal says what was begun, so that whoever
 * comes after a kill can finish or undo it (recover.ts).
 *
 * Where the uploads folder is a mount point it cannot be renamed: then its entries are exchanged one
 * by one, with the staging folder inside it.
 */
import { randomBytes } from "node:crypto";
import { chmod, lstat, mkdir, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "../archive/output.js";
import { machineId } from "../archive/partials.js";
import { hasCode } from "../node-error.js";
import { unwritable } from "../refusals.js";
import { isMountPoint } from "./mount-point.js";

export interface Journal {
  readonly version: 1;
  /** The uploads folder, absolute, links resolved. */
  readonly uploads: string;
  readonly mode: "folder" | "entries";
  /** Whether there was an uploads folder before. */
  readonly existed: boolean;
  readonly database: string;
  /** Id of the transaction that decides: committed means the new uploads stay. */
  readonly xid: string;
}

export interface Staging {
  /** The staging folder, mode 0700. */
  readonly folder: string;
  /** Where the new uploads are unpacked. */
  readonly fresh: string;
  /** Puts the new uploads in place. */
  swap(transaction: { database: string; xid: string }): Promise<void>;
  /** Puts the old uploads back, if they were moved. */
  undo(): Promise<void>;
  /** Removes the staging folder with all that is in it: after the commit, or after `undo`. */
  remove(): Promise<void>;
}

const FRESH = "new";
const OLD = "old";
export const JOURNAL = "journal.json";
/** Stands between moving the old entries out and the new ones in. */
const HALFWAY = "halfway";

function stagingName(uploads: string, pid: number, random: string): string {
  return `.${basename(uploads)}.restore-${machineId()}-${pid}-${random}`;
}

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
    return;
  }
  await mkdir(old, { mode: 0o700 });
  await moveAll(uploads, old, basename(folder));
  await writeSynced(join(folder, HALFWAY), "");
  await moveAll(fresh, uploads, null);
  await chmod(uploads, (await stat(fresh)).mode & 0o777);
  await syncFolder(uploads);
}

/** Puts everything back, from whatever point a swap had reached. */
export async function undoSwap(folder: string, journal: Journal): Promise<void> {
  const { uploads, mode } = journal;
  const old = join(folder, OLD);
  const fresh = join(folder, FRESH);
  if (mode === "folder") {
    if (!(await present(fresh)) && (await present(uploads))) await rename(uploads, fresh);
    if (await present(old)) await rename(old, uploads);
    await syncFolder(dirname(uploads));
    return;
  }
  if (await present(join(folder, HALFWAY))) await moveAll(uploads, fresh, basename(folder));
  if (await present(old)) await moveAll(old, uploads, null);
  await syncFolder(uploads);
}

/** Makes the staging folder beside the uploads folder, or inside it where it is a mount point. */
export async function openStaging(
  configured: string,
  announce: (folder: string) => void,
): Promise<Staging> {
  const { path: uploads, existed } = await resolved(configured);
  const mode = existed && (await isMountPoint(uploads)) ? "entries" : "folder";
  const name = stagingName(uploads, process.pid, randomBytes(4).toString("hex"));
  const folder = join(mode === "entries" ? uploads : dirname(uploads), name);
  const fresh = join(folder, FRESH);
  let journal: Journal | null = null;
  // Before there is anything: a kill between the two would leave it behind.
  announce(folder);
  try {
    await mkdir(folder, { mode: 0o700 });
    await mkdir(fresh, { mode: 0o700 });
  } catch (error) {
    throw unwritable(folder, error);
  }
  return {
    folder,
    fresh,
    async swap({ database, xid }) {
      const begun: Journal = { version: 1, uploads, mode, existed, database, xid };
      try {
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
