/** Puts the uploads tree into an archive, in the order of the walk. */
import type { ArchiveWriter } from "../archive/archive-writer.js";
import { LONGEST_PATH, showPath } from "../archive/member-path.js";
import type { LeftOut } from "../database/inventory.js";
import { openUpload } from "./read-file.js";
import { below, walkUploads } from "./walk.js";

/** The folder in the archive. */
export const UPLOADS = "uploads";

export interface SavedUploads {
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  /** Links and other special files. */
  readonly leftOut: readonly LeftOut[];
  /** Files that changed while they were read. */
  readonly changed: readonly string[];
}

/** Names that are reported one by one; beyond that they are only counted. */
const MOST_NAMED = 1_000;

function memberPath(path: Buffer, folder: boolean): Buffer {
  const slash = path.length === 0 ? "" : "/";
  return Buffer.concat([Buffer.from(UPLOADS + slash), path, Buffer.from(folder ? "/" : "")]);
}

/** @param progress called with bytes as they are read */
export async function saveUploads(
  writer: ArchiveWriter,
  folder: string,
  progress: (bytes: number) => void,
): Promise<SavedUploads> {
  const saved = { files: 0, folders: 0, bytes: 0 };
  const leftOut: LeftOut[] = [];
  const changed: string[] = [];
  const buffer = Buffer.allocUnsafeSlow(1 << 20);
  const skip = (path: Buffer, reason: string): void => {
    if (leftOut.length < MOST_NAMED) leftOut.push({ name: `${UPLOADS}/${showPath(path)}`, reason });
  };
  for await (const entry of walkUploads(folder)) {
    const { path, mode, mtimeNs } = entry;
    const member = memberPath(path, entry.kind === "folder");
    if (member.length > LONGEST_PATH) {
      skip(path, "its path is longer than 4095 bytes");
    } else if (entry.kind === "folder") {
      await writer.folder({ path: member, mode, mtimeNs });
      saved.folders += 1;
    } else if (entry.kind === "other") {
      skip(path, "neither a plain file nor a folder");
    } else {
      const upload = await openUpload(below(folder, path), buffer);
      if (upload === null) {
        skip(path, "removed while the backup was made");
        continue;
      }
      try {
        const { size } = upload;
        await writer.file(
          { path: member, size, mode: upload.mode, mtimeNs: upload.mtimeNs },
          upload.content,
        );
        if (await upload.changed()) changed.push(`${UPLOADS}/${showPath(path)}`);
        saved.files += 1;
        saved.bytes += size;
        progress(size);
      } finally {
        await upload.close();
      }
    }
  }
  return { ...saved, leftOut, changed };
}
