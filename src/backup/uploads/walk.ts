/**
 * Walks the uploads folder in a fixed order (part by part, by bytes), with names as bytes. Plain
 * files and folders are what a backup holds; links, sockets, FIFOs and devices are reported as left
 * out, since following or restoring them could reach outside the folder.
 */
import type { BigIntStats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { hasCode } from "../node-error.js";
import { OWNER } from "../owner.js";
import { unreadable } from "../refusals.js";

export interface UploadEntry {
  /** Below the uploads folder, without a slash at either end; empty for the folder itself. */
  readonly path: Buffer;
  /** `gone`: removed since its folder was listed. */
  readonly kind: "file" | "folder" | "other" | "gone";
  readonly size: number;
  readonly mode: number;
  readonly mtimeNs: bigint;
}

const SLASH = Buffer.from("/");

/** `folder/path`, in bytes. */
export function below(folder: string | Buffer, path: Buffer): Buffer {
  const base = Buffer.from(folder);
  return path.length === 0 ? base : Buffer.concat([base, SLASH, path]);
}

function join(parent: Buffer, name: Buffer): Buffer {
  return parent.length === 0 ? name : Buffer.concat([parent, SLASH, name]);
}

function entryOf(path: Buffer, stats: BigIntStats): UploadEntry {
  return {
    path,
    kind: stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other",
    size: stats.isFile() ? Number(stats.size) : 0,
    mode: Number(stats.mode & 0o777n),
    mtimeNs: stats.mtimeNs,
  };
}

/** Null when it has gone since it was listed. */
async function look(path: Buffer): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return null;
    throw unreadable(path.toString("utf8"), error);
  }
}

/** Unfinished archives and staging folders of ours, where they lie among the uploads. */
const OURS = new RegExp(`^\\..+\\.(?:${OWNER}\\.partial|restore-${OWNER}(?:-settling)?)$`, "s");

async function namesIn(folder: Buffer): Promise<Buffer[]> {
  try {
    const names = await readdir(folder, { encoding: "buffer" });
    return names
      .filter((name) => !OURS.test(name.toString("latin1")))
      .sort((a, b) => Buffer.compare(a, b));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw unreadable(folder.toString("utf8"), error);
  }
}

/** The folder itself first, then everything in it. Yields nothing when the folder does not exist. */
export async function* walkUploads(folder: string): AsyncGenerator<UploadEntry, void, undefined> {
  yield* walk(folder, Buffer.alloc(0));
}

async function* walk(folder: string, path: Buffer): AsyncGenerator<UploadEntry, void, undefined> {
  const stats = await look(below(folder, path));
  if (stats === null) {
    if (path.length > 0) yield { path, kind: "gone", size: 0, mode: 0, mtimeNs: 0n };
    return;
  }
  const entry = entryOf(path, stats);
  yield entry;
  if (entry.kind !== "folder") return;
  for (const name of await namesIn(below(folder, path))) yield* walk(folder, join(path, name));
}

export interface UploadsTotal {
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  readonly others: number;
}

/** How much there is, without backups of ours; null when there is no such folder. */
export async function measureUploads(
  folder: string,
  isArchive: (path: Buffer) => boolean = () => false,
): Promise<UploadsTotal | null> {
  const total = { files: 0, folders: 0, bytes: 0, others: 0 };
  let found = false;
  for await (const entry of walkUploads(folder)) {
    found = true;
    if (entry.kind === "file" && isArchive(entry.path)) continue;
    if (entry.kind === "file") total.files += 1;
    else if (entry.kind === "folder") total.folders += 1;
    else if (entry.kind === "other") total.others += 1;
    total.bytes += entry.size;
  }
  return found ? total : null;
}
