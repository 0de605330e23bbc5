/**
 * Names of unfinished archives, and the removal of those that a killed `backup create` left behind.
 * The name says which process of which machine writes it, so that nobody removes another's.
 */
import { createHash } from "node:crypto";
import { readdir, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { hasCode } from "../node-error.js";

/** A short name of this machine, for names of temporary files on shared disks. */
export function machineId(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
}

/** Hidden, and not ending in `.tar.gz`, so that no pattern for archives takes it. */
export function partialName(name: string, pid: number, random: string): string {
  return `.${name.slice(0, 150)}.${machineId()}-${pid}-${random}.partial`;
}

/** True when no process has this id (a process of another user counts as there). */
export function processGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return hasCode(error, "ESRCH");
  }
}

/** Removes unfinished archives in `folder` whose process has ended. Returns how many. */
export async function removeStalePartials(folder: string): Promise<number> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return 0;
    throw error;
  }
  let removed = 0;
  for (const name of names) {
    const match = /^\.backup-.+\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.partial$/.exec(name);
    if (match?.[1] !== machineId() || !processGone(Number(match[2]))) continue;
    await unlink(join(folder, name));
    removed += 1;
  }
  return removed;
}
