/** Which of the present uploads a restore would lose: those that the backup does not hold as they are. */
import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import type { TarEntry } from "../archive/tar-header.js";
import { splitPath } from "../archive/member-path.js";
import { hasCode } from "../node-error.js";
import { openUpload } from "./read-file.js";
import { below, measureUploads } from "./walk.js";

export interface Comparison {
  /** Looks at the file that stands where this entry would go; `sha256` is that of the entry. */
  see(entry: TarEntry, sha256: string): Promise<void>;
  /** How many files of the present folder are not in the backup as they are. */
  lost(): Promise<number>;
}

async function hashOf(path: Buffer): Promise<string | null> {
  const upload = await openUpload(path, Buffer.allocUnsafe(1 << 20));
  if (upload === null) return null;
  try {
    const hash = createHash("sha256");
    for await (const piece of upload.content) hash.update(piece);
    return hash.digest("hex");
  } finally {
    await upload.close();
  }
}

async function sizeOf(path: Buffer): Promise<number | null> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? stats.size : null;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "ENAMETOOLONG")) return null;
    throw error;
  }
}

export function compareUploads(folder: string): Comparison {
  let same = 0;
  return {
    async see(entry, sha256) {
      const parts = splitPath(entry.path).slice(1);
      const slash = Buffer.from("/");
      const path = below(
        folder,
        Buffer.concat(parts.flatMap((part, at) => (at === 0 ? [part] : [slash, part]))),
      );
      if ((await sizeOf(path)) === entry.size && (await hashOf(path)) === sha256) same += 1;
    },
    async lost() {
      const present = await measureUploads(folder);
      return present === null ? 0 : present.files + present.others - same;
    },
  };
}
