/** Puts the uploads tree into an archive, in the order of the walk. */
import type { ArchiveWriter } from "../archive/archive-writer.js";
import { LONGEST_PATH, showPath } from "../archive/member-path.js";
import type { LeftOut } from "../database/inventory.js";
import type { IsArchive } from "./own-archives.js";
import { openUpload, type OpenUpload } from "./read-file.js";
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
const MOST_NAMED = 200;

/** The first of many, and how many more there were. */
function createList<T>(more: (count: number) => T): { add(one: T): void; all(): T[] } {
  const listed: T[] = [];
  let unlisted = 0;
  return {
    add(one) {
      if (listed.length < MOST_NAMED) listed.push(one);
      else unlisted += 1;
    },
    all: () => (unlisted === 0 ? listed : [...listed, more(unlisted)]),
  };
}

function memberPath(path: Buffer, folder: boolean): Buffer {
  const slash = path.length === 0 ? "" : "/";
  return Buffer.concat([Buffer.from(UPLOADS + slash), path, Buffer.from(folder ? "/" : "")]);
}

/** A large file that changed while it was read is read this often at most. */
const TRIES = 3;

interface Job {
  readonly writer: ArchiveWriter;
  /** Called with bytes as they are read, and with what was in vain, negative. */
  readonly progress: (bytes: number) => void;
  /** For one file at a time. */
  readonly buffer: Buffer;
}

async function* counted(
  pieces: AsyncIterable<Buffer>,
  count: (bytes: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}

interface SavedFile {
  readonly size: number;
  readonly changed: boolean;
}

/** Null: to be tried again. */
async function writeFile(
  { writer, progress }: Job,
  member: Buffer,
  upload: OpenUpload,
  last: boolean,
): Promise<SavedFile | null> {
  const { size, mode, mtimeNs } = upload;
  const entry = { path: member, size, mode, mtimeNs };
  const content = counted(upload.content, progress);
  if (upload.whole || last || !writer.seekable) {
    await writer.file(entry, content);
    return { size, changed: await upload.changed() };
  }
  const sound = async (): Promise<boolean> => !(await upload.changed());
  if ((await writer.fileIf(entry, content, sound)) !== null) return { size, changed: false };
  progress(-size);
  return null;
}

/** Null: it has gone. */
async function saveFile(job: Job, path: Buffer, member: Buffer): Promise<SavedFile | null> {
  for (let attempt = 1; ; attempt += 1) {
    const upload = await openUpload(path, job.buffer);
    if (upload === null) return null;
    try {
      const saved = await writeFile(job, member, upload, attempt === TRIES);
      if (saved !== null) return saved;
    } finally {
      await upload.close();
    }
  }
}

/**
 * @param isArchive backups of ours, which are left out
 * @param progress called with bytes as they are read
 */
export async function saveUploads(
  writer: ArchiveWriter,
  folder: string,
  isArchive: IsArchive,
  progress: (bytes: number) => void,
): Promise<SavedUploads> {
  const total = { files: 0, folders: 0, bytes: 0 };
  const leftOut = createList<LeftOut>((count) => ({
    name: UPLOADS,
    reason: `${count} more ${count === 1 ? "is" : "are"} left out for reasons like these`,
  }));
  const changed = createList((count) => `${count} more ${count === 1 ? "upload" : "uploads"}`);
  const job: Job = { writer, progress, buffer: Buffer.allocUnsafeSlow(1 << 20) };
  const skip = (path: Buffer, reason: string): void => {
    leftOut.add({ name: `${UPLOADS}/${showPath(path)}`, reason });
  };
  for await (const { path, mode, mtimeNs, kind } of walkUploads(folder)) {
    const member = memberPath(path, kind === "folder");
    if (member.length > LONGEST_PATH) {
      skip(path, "its path is longer than 4095 bytes");
    } else if (kind === "folder") {
      await writer.folder({ path: member, mode, mtimeNs });
      total.folders += 1;
    } else if (kind === "other") {
      skip(path, "neither a plain file nor a folder");
    } else if (isArchive(path)) {
      skip(path, "a backup of this project");
    } else {
      const saved = kind === "gone" ? null : await saveFile(job, below(folder, path), member);
      if (saved === null) {
        skip(path, "removed while the backup was made");
        continue;
      }
      if (saved.changed) changed.add(`${UPLOADS}/${showPath(path)}`);
      total.files += 1;
      total.bytes += saved.size;
    }
  }
  return { ...total, leftOut: leftOut.all(), changed: changed.all() };
}
