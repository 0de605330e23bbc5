/**
 * Backups that lie among the uploads, because `[backup] dir` or `--output` leads there: they are no
 * uploads. A backup that held the ones before it would double with each, and a restore that swaps the
 * folder would remove what it restores from.
 */
import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Config } from "../../config/config.js";
import { backupTime } from "../names.js";
import { hasCode } from "../node-error.js";
import { refused } from "../refusals.js";

/** Whether the file at this path, below the uploads folder, is a backup of ours. */
export type IsArchive = (path: Buffer) => boolean;

const SLASH = 0x2f;

async function resolved(folder: string): Promise<string | null> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) return null;
    throw error;
  }
}

/** `path` as seen from `folder`, "" for the folder itself; null when it lies elsewhere. */
function within(folder: string, path: string | null): string | null {
  if (path === null) return null;
  const seen = relative(folder, path);
  return seen === ".." || seen.startsWith(`..${sep}`) || resolve(folder, seen) !== path
    ? null
    : seen;
}

/**
 * @param folder the uploads folder, links resolved
 * @param output where the present backup goes, where that is a file with a name of its own
 */
export async function findOwnArchives(
  config: Config,
  folder: string,
  output: string | null,
): Promise<IsArchive> {
  const dir = within(folder, await resolved(resolve(config.root, config.backup.dir)));
  const place = output === null ? null : await resolved(dirname(output));
  const own =
    output === null || place === null ? null : within(folder, join(place, basename(output)));
  const [dirBytes, ownBytes] = [dir, own].map((path) => (path === null ? null : Buffer.from(path)));
  return (path) => {
    if (ownBytes?.equals(path) === true) return true;
    const end = path.lastIndexOf(SLASH);
    const parent = path.subarray(0, Math.max(end, 0));
    const name = path.toString("latin1", end + 1);
    return dirBytes?.equals(parent) === true && backupTime(name, config.project.name) !== null;
  };
}

/** @throws RESTORE_REFUSED (65) when the archive stands in the folder that a restore replaces */
export async function refuseAmongUploads(archive: string, folder: string): Promise<void> {
  if (within(folder, await resolved(archive)) === null) return;
  throw refused(
    "the backup lies among the uploads, which a restore replaces as a whole",
    archive,
    "move it elsewhere and restore it from there",
  );
}
