/** Names of unfinished archives, and the removal of those that a killed `backup create` left behind. */
import { lstat, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../node-error.js";
import { fateOf, OWNER, ownName, parseOwner, shortened } from "../owner.js";

/** Hidden, and not ending in `.tar.gz`, so that no pattern for archives takes it. */
export function partialName(name: string): string {
  return `.${shortened(name)}.${ownName()}.partial`;
}

const PARTIAL = new RegExp(`^\\..+\\.(${OWNER})\\.partial$`, "s");

/** One that another machine has not written to for this long is not being written any more. */
const STALE_MS = 86_400_000;

async function isStale(path: string, owner: string): Promise<boolean> {
  const parsed = parseOwner(owner);
  if (parsed === null) return false;
  const fate = fateOf(parsed);
  if (fate !== "elsewhere") return fate === "gone";
  return Date.now() - (await lstat(path)).mtimeMs > STALE_MS;
}

/** Removes unfinished archives in `folder` that nobody writes to any more. Returns how many. */
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
    const owner = PARTIAL.exec(name)?.[1];
    if (owner === undefined) continue;
    try {
      if (!(await isStale(join(folder, name), owner))) continue;
      await unlink(join(folder, name));
      removed += 1;
    } catch (error) {
      // Another run was faster, or it is not ours to remove: no reason to make no backup.
      if (!hasCode(error, "ENOENT", "EACCES", "EPERM")) throw error;
    }
  }
  return removed;
}
