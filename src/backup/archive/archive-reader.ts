/**
 * Opens an archive: its end first, which says where metadata.json and SHA256SUMS are, so that what it
 * claims to hold is known before any of it is read. scan.ts reads the whole.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { crc32, createGunzip } from "node:zlib";
import { MetadataRefusal, parseMetadata } from "../parse-metadata.js";
import { LARGEST_METADATA, type Metadata } from "../metadata.js";
import { codeOf } from "../node-error.js";
import { invalidArchive, unreadable } from "../refusals.js";
import { SuperviseError } from "../../errors.js";
import { METADATA, SUMS } from "./archive-writer.js";
import { createByteReader, TruncatedError } from "./byte-reader.js";
import { decodeFooter, FOOTER_BYTES, type Footer } from "./footer.js";
import { LARGEST_RATIO, STORED_HEADER_BYTES, storedMember, unpackSmall } from "./gzip-blocks.js";
import { decodeSum, type Sum } from "./sums.js";
import { nextEntry } from "./tar-entries.js";
import { BLOCK, decodeHeader, TarRefusal } from "./tar-header.js";

export interface ArchiveInfo {
  readonly path: string;
  readonly bytes: number;
  readonly metadata: Metadata;
  /** SHA-256 of metadata.json as it was read. */
  readonly metadataSha256: string;
  readonly footer: Footer;
}

/** A line of SHA256SUMS has at most a path of 4095 bytes, each escaped, and its checksum. */
const LONGEST_LINE = 2 * 4_095 + 128;
/** What may expand beyond the ratio before it is a bomb: a block and the headers around it. */
const SLACK = 4 << 20;

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new TruncatedError();
    done += bytesRead;
  }
  return bytes;
}

/** The content of a tar entry that stands alone at the start of `bytes`, unpacked. */
function soleEntry(unpacked: Buffer, name: string): Buffer {
  const head = decodeHeader(unpacked.subarray(0, BLOCK));
  if (head?.type !== "0" || head.name.toString("latin1") !== name) {
    throw new TarRefusal(`${name} is not where the end of the archive says`);
  }
  if (head.size > unpacked.length - BLOCK) throw new TruncatedError();
  return unpacked.subarray(BLOCK, BLOCK + head.size);
}

function describeProblem(error: unknown): string {
  if (error instanceof TruncatedError) return "it ends in the middle";
  if (error instanceof TarRefusal || error instanceof MetadataRefusal) return error.message;
  const code = codeOf(error);
  if (code === "Z_BUF_ERROR") return "it ends in the middle";
  if (code === "ERR_BUFFER_TOO_LARGE") return "metadata.json is too large";
  if (code?.startsWith("Z_") === true) return `its compressed data is damaged (${code})`;
  return error instanceof Error ? error.message : String(error);
}

/** Any failure of reading as a refusal of the archive; others pass. */
export function asRefusal(path: string, error: unknown): unknown {
  if (error instanceof SuperviseError) return error;
  const code = codeOf(error);
  const known =
    error instanceof TruncatedError ||
    error instanceof TarRefusal ||
    error instanceof MetadataRefusal ||
    code === "ERR_BUFFER_TOO_LARGE" ||
    code?.startsWith("Z_") === true;
  return known ? invalidArchive(path, describeProblem(error), error) : error;
}

async function readInfo(path: string, file: FileHandle): Promise<ArchiveInfo> {
  const stats = await file.stat();
  if (!stats.isFile()) throw invalidArchive(path, "it is not a plain file");
  const bytes = stats.size;
  if (bytes < FOOTER_BYTES) throw invalidArchive(path, "it is too short to be a backup");
  const footer = decodeFooter(await readAt(file, bytes - FOOTER_BYTES, FOOTER_BYTES), bytes);
  if (footer === null) {
    throw invalidArchive(path, "its end is missing: it was cut short or not written by supervise");
  }
  const { metadataAt, sumsAt } = footer;
  const packed = sumsAt - metadataAt;
  if (packed > LARGEST_METADATA + 2 * BLOCK)
    throw invalidArchive(path, "metadata.json is too large");
  const unpacked = await unpackSmall(
    await readAt(file, metadataAt, packed),
    LARGEST_METADATA + 2 * BLOCK,
  );
  const content = soleEntry(unpacked, METADATA);
  const metadataSha256 = createHash("sha256").update(content).digest("hex");
  return { path, bytes, footer, metadataSha256, metadata: parseMetadata(content) };
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a FIFO would be waited for, for ever.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Opens the archive at `path` for `work` and closes it. All of its faults become 65. */
export async function withArchive<T>(
  path: string,
  work: (file: FileHandle, info: ArchiveInfo) => Promise<T>,
): Promise<T> {
  const file = await openFile(path);
  try {
    return await work(file, await readInfo(path, file));
  } catch (error) {
    throw asRefusal(path, error);
  } finally {
    await file.close();
  }
}

/** What the end of the archive says about it, without reading the rest. */
export function readArchiveInfo(path: string): Promise<ArchiveInfo> {
  return withArchive(path, (_, info) => Promise.resolve(info));
}

const PIECE_BYTES = 1 << 18;

/** The file as it is, from `start` to `end`. The handle stays open and can be read again. */
async function* packed(
  file: FileHandle,
  [start, end]: readonly [number, number],
  see: (piece: Buffer) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = start; at < end;) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    see(piece.subarray(0, bytesRead));
    yield piece.subarray(0, bytesRead);
  }
}

/**
 * The lines of SHA256SUMS, one at a time, read beside the members that they are about: memory does not
 * grow with their number. That they are the right lines is known once the member itself was read.
 */
export async function* readSums(
  file: FileHandle,
  info: ArchiveInfo,
): AsyncGenerator<Sum, void, undefined> {
  const range = [info.footer.sumsAt, info.bytes - FOOTER_BYTES] as const;
  const reader = createByteReader(unpacked(packed(file, range, () => undefined)));
  try {
    const head = await nextEntry(reader);
    if (head?.kind !== "file" || head.path.toString("latin1") !== SUMS) {
      throw new TarRefusal(`${SUMS} is not where the end of the archive says`);
    }
    let held: Buffer = Buffer.alloc(0);
    for await (const piece of reader.pieces(head.size)) {
      held = held.length === 0 ? piece : Buffer.concat([held, piece]);
      let start = 0;
      for (let end = held.indexOf(0x0a); end !== -1; end = held.indexOf(0x0a, start)) {
        yield sumOf(held.subarray(start, end));
        start = end + 1;
      }
      held = held.subarray(start);
      if (held.length > LONGEST_LINE) throw new TarRefusal("SHA256SUMS is malformed");
    }
    if (held.length > 0) throw new TarRefusal("SHA256SUMS is malformed");
  } finally {
    await reader.close();
  }
}

function sumOf(line: Buffer): Sum {
  const sum = decodeSum(line);
  if (sum === null) throw new TarRefusal("SHA256SUMS is malformed");
  return sum;
}

/** CRC-32 over the pieces of a file, with the corrected headers as zeros. */
function createFileCheck(info: ArchiveInfo): { see(piece: Buffer, at: number): void; end(): void } {
  const end = info.bytes - FOOTER_BYTES;
  const holes = info.metadata.patched_headers;
  let crc = 0;
  return {
    see(piece, at) {
      const counted = piece.subarray(0, Math.max(Math.min(piece.length, end - at), 0));
      const inside = holes.filter(
        (hole) => hole < at + counted.length && hole + STORED_HEADER_BYTES > at,
      );
      const bytes = inside.length === 0 ? counted : Buffer.from(counted);
      for (const hole of inside) {
        bytes.fill(0, Math.max(hole - at, 0), Math.max(hole + STORED_HEADER_BYTES - at, 0));
      }
      crc = crc32(bytes, crc);
    },
    end() {
      if (crc !== info.footer.crc) throw new TarRefusal("its bytes are damaged");
    },
  };
}

/** A header that was corrected must be exactly what the writer puts there. */
async function checkPatched(file: FileHandle, info: ArchiveInfo): Promise<void> {
  for (const at of info.metadata.patched_headers) {
    if (at + STORED_HEADER_BYTES > info.footer.metadataAt) {
      throw new TarRefusal("metadata.json names a header outside the archive");
    }
    const found = await readAt(file, at, STORED_HEADER_BYTES);
    const block = await unpackSmall(found, BLOCK);
    if (!storedMember(block).equals(found)) throw new TarRefusal("a tar header is damaged");
  }
}

/** What gzip members hold. Both ends are closed when the reader stops. */
async function* unpacked(
  source: AsyncIterable<Buffer>,
  ended: (packedBytes: number) => void = () => undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  const input = Readable.from(source, { highWaterMark: 2 });
  input.once("error", (error) => gunzip.destroy(error));
  input.pipe(gunzip);
  try {
    for await (const piece of gunzip) {
      if (Buffer.isBuffer(piece)) yield piece;
    }
    ended(gunzip.bytesWritten);
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}

/** The unpacked bytes, refused when they are too many for what was read, with nothing behind them. */
export async function* inflated(
  file: FileHandle,
  info: ArchiveInfo,
): AsyncGenerator<Buffer, void, undefined> {
  await checkPatched(file, info);
  const check = createFileCheck(info);
  let readBytes = 0;
  const see = (piece: Buffer): void => {
    check.see(piece, readBytes);
    readBytes += piece.length;
  };
  // One byte more than it had when it was opened, so that one that grew is noticed.
  const source = packed(file, [0, info.bytes + 1], see);
  const whole = (packedBytes: number): void => {
    if (packedBytes !== info.bytes) throw new TarRefusal("there is data behind its end");
    check.end();
  };
  let bytes = 0;
  for await (const piece of unpacked(source, whole)) {
    bytes += piece.length;
    if (bytes > readBytes * LARGEST_RATIO + SLACK) {
      throw new TarRefusal("it expands more than any backup does: a decompression bomb");
    }
    yield piece;
  }
}
