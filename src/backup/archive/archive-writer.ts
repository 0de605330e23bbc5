/**
 * Writes an archive: tar entries through the block compressor to an output, with the SHA-256 of every
 * member. Content whose size is known only at its end (a dump in progress) needs no copy on disk
 * where the output is a file: its tar header stands in a gzip member of its own and is corrected
 * afterwards. Where the output is a stream, it is kept compressed in a temporary file until its end.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { encodeFooter } from "./footer.js";
import {
  createGzipBlocks,
  STORED_HEADER_BYTES,
  storedMember,
  type BlockSink,
} from "./gzip-blocks.js";
import { createListing } from "./listing.js";
import type { Output } from "./output.js";
import { openSpool } from "./spool.js";
import { encodeSum } from "./sums.js";
import { BLOCK, encodeEntry, padding, type TarEntry } from "./tar-header.js";

export const METADATA = "metadata.json";
export const SUMS = "SHA256SUMS";

export interface Written {
  readonly size: number;
  readonly sha256: string;
}

export type Content = AsyncIterable<Buffer> | Iterable<Buffer>;

export interface ArchiveWriter {
  folder(entry: Omit<TarEntry, "kind" | "size">): Promise<void>;
  /** `content` must yield exactly `entry.size` bytes. */
  file(entry: Omit<TarEntry, "kind">, content: Content): Promise<Written>;
  /**
   * As `file`, and takes the member back when `sound` says no after its content was read: null then.
   * Only where the output is `seekable`.
   */
  fileIf(
    entry: Omit<TarEntry, "kind">,
    content: Content,
    sound: () => Promise<boolean>,
  ): Promise<Written | null>;
  readonly seekable: boolean;
  /**
   * Content of a size that is not known yet. Its header must fit one block: a path of at most 100
   * bytes and a time in whole seconds.
   *
   * @param packed true when it is compressed already
   */
  stream(path: string, mtimeNs: bigint, content: Content, packed: boolean): Promise<Written>;
  /** Where headers were corrected so far, as `patched_headers` of metadata.json has them. */
  readonly patched: readonly number[];
  /** The last members: metadata, checksums, the end. `mtimeNs` in whole seconds. */
  finish(metadata: Buffer, mtimeNs: bigint): Promise<void>;
  /** Removes what was kept aside. To be called in any case. */
  close(): Promise<void>;
}

export function createArchiveWriter(destination: Output): ArchiveWriter {
  const patched: number[] = [];
  let crc = 0;
  const output: Output = {
    ...destination,
    write(bytes) {
      crc = crc32(bytes, crc);
      return destination.write(bytes);
    },
  };
  const blocks = createGzipBlocks(output);
  const sums = createListing();

  async function pour(sink: BlockSink, content: Content): Promise<Written> {
    const hash = createHash("sha256");
    let size = 0;
    for await (const piece of content) {
      hash.update(piece);
      size += piece.length;
      await sink.write(piece);
    }
    await sink.write(Buffer.alloc(padding(size)));
    return { size, sha256: hash.digest("hex") };
  }

  async function record(path: Buffer, written: Written): Promise<Written> {
    await sums.add(encodeSum(path, written.sha256));
    return written;
  }

  async function put(entry: Omit<TarEntry, "kind">, content: Content): Promise<Written> {
    await blocks.write(encodeEntry({ ...entry, kind: "file" }));
    const written = await pour(blocks, content);
    if (written.size !== entry.size) throw new Error("a member's size is not the announced one");
    return written;
  }

  async function file(entry: Omit<TarEntry, "kind">, content: Content): Promise<Written> {
    return record(entry.path, await put(entry, content));
  }

  async function fileIf(
    entry: Omit<TarEntry, "kind">,
    content: Content,
    sound: () => Promise<boolean>,
  ): Promise<Written | null> {
    await blocks.flush();
    const before = { at: output.position(), crc };
    const written = await put(entry, content);
    if (await sound()) return record(entry.path, written);
    await blocks.flush();
    await output.cut(before.at);
    crc = before.crc;
    return null;
  }

  async function stream(
    path: string,
    mtimeNs: bigint,
    content: Content,
    packed: boolean,
  ): Promise<Written> {
    const entry = { path: Buffer.from(path), mode: 0o600, mtimeNs };
    const head = (size: number): Buffer =>
      storedMember(encodeEntry({ ...entry, kind: "file", size }));
    await blocks.flush();
    if (output.seekable) {
      const at = output.position();
      patched.push(at);
      await output.write(Buffer.alloc(STORED_HEADER_BYTES));
      const member = createGzipBlocks(output, packed);
      const written = await pour(member, content);
      await member.flush();
      await output.patch(at, head(written.size));
      return record(entry.path, written);
    }
    const spool = await openSpool();
    try {
      const member = createGzipBlocks(spool.sink, packed);
      const written = await pour(member, content);
      await member.flush();
      await output.write(head(written.size));
      for await (const piece of spool.content()) await output.write(piece);
      return await record(entry.path, written);
    } finally {
      await spool.remove();
    }
  }

  async function finish(metadata: Buffer, mtimeNs: bigint): Promise<void> {
    await blocks.flush();
    const metadataAt = output.position();
    const common = { mode: 0o600, mtimeNs };
    const path = Buffer.from(METADATA);
    await file({ ...common, path, size: metadata.length }, [metadata]);
    await blocks.flush();
    const sumsAt = output.position();
    await blocks.write(
      encodeEntry({ ...common, kind: "file", path: Buffer.from(SUMS), size: sums.size }),
    );
    const { sha256 } = await pour(blocks, sums.content());
    await blocks.write(Buffer.alloc(2 * BLOCK));
    await blocks.flush();
    await output.write(encodeFooter({ metadataAt, sumsAt, sumsSha256: sha256, crc }));
  }

  return {
    patched,
    folder: (entry) => blocks.write(encodeEntry({ ...entry, kind: "folder", size: 0 })),
    file,
    fileIf,
    seekable: output.seekable,
    stream,
    finish,
    close: () => sums.remove(),
  };
}
