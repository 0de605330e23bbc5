/**
 * Staging folders of restores that may have been killed, found by their names, and what is to be done
 * with each. Only a swap that has begun, which a journal in the folder tells, touches the uploads.
 */
import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hasCode } from "../node-error.js";
import { fateOf, parseOwner, shortened } from "../owner.js";
import { isMountPoint } from "./mount-point.js";

export const JOURNAL = "journal.json";
/** Stands between moving the old entries out and the new ones in. */
export const HALFWAY = "halfway";

/** Marks a folder that somebody other than its maker finishes or undoes. */
const SETTLING = "-settling";

export function stagingPrefix(uploads: string): string {
  return `.${shortened(basename(uploads))}.restore-`;
}

/** For messages: a folder whose name changes with the process that works on it. */
export function anyStaging(uploads: string): string {
  return join(dirname(uploads), `${stagingPrefix(uploads)}*`);
}

/** The name under which one process alone settles the folder. */
export function claimedName(uploads: string, owner: string): string {
  return stagingPrefix(uploads) + owner + SETTLING;
}

export interface Leftover {
  readonly path: string;
  /** The process that its name tells. */
  readonly owner: "alive" | "gone" | "elsewhere";
  /** The swap had begun. */
  readonly journaled: boolean;
  /** The owner is not the restore, but one that settles it. */
  readonly settling: boolean;
  readonly ageMs: number;
}

/** A restore on another machine that unpacks for longer than this is taken for dead. */
const STALE_MS = 86_400_000;

/**
 * What to do with it. `lock`: take the migration lock first. A restore swaps under that lock alone, so
 * that whoever holds it knows that no other is still at it.
 */
export function judgeLeftover(
  { owner, journaled, settling, ageMs }: Omit<Leftover, "path">,
  locked: boolean,
): "settle" | "wait" | "lock" | "leave" {
  if (owner === "gone") return "settle";
  if (owner === "elsewhere" && journaled) return locked ? "settle" : "lock";
  if (owner === "elsewhere") return ageMs > STALE_MS ? "settle" : "leave";
  return settling || (journaled && locked) ? "wait" : "leave";
}

async function modified(path: string): Promise<number | null> {
  try {
    return (await lstat(path)).mtimeMs;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

/** Where this user may not look, no restore of this user has made a folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "EPERM")) return [];
    throw error;
  }
}

/** @param uploads the uploads folder, links resolved. Looked for is beside it, and in it where it is mounted. */
export async function findLeftovers(uploads: string): Promise<Leftover[]> {
  const prefix = stagingPrefix(uploads);
  const places = [dirname(uploads), ...((await mounted(uploads)) ? [uploads] : [])];
  const found: Leftover[] = [];
  for (const place of places) {
    for (const name of await namesIn(place)) {
      if (!name.startsWith(prefix)) continue;
      const settling = name.endsWith(SETTLING);
      const owner = parseOwner(name.slice(prefix.length, settling ? -SETTLING.length : undefined));
      const path = join(place, name);
      const made = await modified(path);
      if (owner === null || made === null) continue;
      found.push({
        path,
        owner: fateOf(owner),
        journaled: (await modified(join(path, JOURNAL))) !== null,
        settling,
        ageMs: Date.now() - made,
      });
    }
  }
  return found;
}

async function mounted(uploads: string): Promise<boolean> {
  return (await modified(uploads)) !== null && (await isMountPoint(uploads));
}
