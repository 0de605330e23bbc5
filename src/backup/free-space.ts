/** Refuses a backup that the disk cannot hold, before it fills the disk. */
import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { SuperviseError } from "../errors.js";
import { formatSize } from "../util/units.js";
import { unwritable } from "./refusals.js";

/**
 * A part of a table's bytes on disk that its compressed rows hardly ever stay under. Low on purpose,
 * so that nobody is refused who has room: where more is needed the disk fills, and the backup ends
 * cleanly with the same status.
 */
const LEAST_TABLE_SHARE = 0.02;
/** The same of the uploads, which are mostly compressed files. */
const LEAST_UPLOADS_SHARE = 0.3;

export interface Need {
  readonly tables: number;
  readonly uploads: number;
}

/** Bytes that an archive of that much will take at the very least. */
export function leastBytes({ tables, uploads }: Need): number {
  return Math.ceil(tables * LEAST_TABLE_SHARE + uploads * LEAST_UPLOADS_SHARE);
}

/**
 * @param path the archive to be made
 * @throws OUTPUT_UNWRITABLE (73)
 */
export async function requireSpace(path: string, need: Need): Promise<void> {
  const folder = dirname(path);
  let free: number;
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    const stats = await statfs(folder);
    free = stats.bavail * stats.bsize;
  } catch (error) {
    throw unwritable(folder, error);
  }
  const least = leastBytes(need);
  if (free >= least) return;
  throw new SuperviseError("OUTPUT_UNWRITABLE", {
    what: `not enough space: ${formatSize(free)} are free, at least ${formatSize(least)} are needed`,
    where: folder,
    remedy: "free some space, or choose another place with --output",
  });
}
