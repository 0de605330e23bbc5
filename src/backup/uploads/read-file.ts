/**
 * Reads one upload as it is at one moment, as well as a file system lets one: a small file is read
 * whole and again when it changed meanwhile; a large one is read through at the size it had at first,
 * and the caller is told when it changed.
 */
import { constants, type BigIntStats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { hasCode } from "../node-error.js";
import { unreadable } from "../refusals.js";

export interface OpenUpload {
  readonly size: number;
  readonly mode: number;
  readonly mtimeNs: bigint;
  /** Exactly `size` bytes; each piece is valid until the next is asked for. */
  readonly content: AsyncIterable<Buffer>;
  /** True when all of it was read at once: `changed` is false for good. */
  readonly whole: boolean;
  /** After the content was read: whether somebody wrote to the file meanwhile. */
  changed(): Promise<boolean>;
  close(): Promise<void>;
}

/** Files up to this size are held in memory. */
const WHOLE = 1 << 20;
const TRIES = 3;

function same(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

/** Fills `buffer` from `at`; what the file no longer has stays zero. */
async function readInto(file: FileHandle, buffer: Buffer, at: number): Promise<void> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  buffer.fill(0, done);
}

async function* throughout(
  file: FileHandle,
  size: number,
  buffer: Buffer,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < size; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, size - at));
    await readInto(file, piece, at);
    yield piece;
  }
}

async function settled(file: FileHandle, buffer: Buffer): Promise<[BigIntStats, boolean]> {
  let stats = await file.stat({ bigint: true });
  for (let attempt = 1; stats.size <= WHOLE; attempt += 1) {
    await readInto(file, buffer.subarray(0, Number(stats.size)), 0);
    const after = await file.stat({ bigint: true });
    if (same(stats, after)) return [stats, true];
    stats = after;
    if (attempt === TRIES) break;
  }
  return [stats, false];
}

/**
 * Null when the file has gone or is no plain file any more.
 *
 * @param buffer of one mebibyte, used until the upload is closed
 */
export async function openUpload(path: Buffer, buffer: Buffer): Promise<OpenUpload | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "ELOOP", "ENXIO")) return null;
    throw unreadable(path.toString("utf8"), error);
  }
  const [stats, whole] = await settled(file, buffer);
  if (!stats.isFile()) {
    await file.close();
    return null;
  }
  const size = Number(stats.size);
  async function* held(): AsyncGenerator<Buffer, void, undefined> {
    yield await Promise.resolve(buffer.subarray(0, size));
  }
  return {
    size,
    whole,
    mode: Number(stats.mode & 0o777n),
    mtimeNs: stats.mtimeNs,
    content: whole ? held() : throughout(file, size, buffer),
    changed: async () => !whole && !same(stats, await file.stat({ bigint: true })),
    close: () => file.close(),
  };
}
