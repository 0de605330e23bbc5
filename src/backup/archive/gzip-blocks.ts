/**
 * Compresses a stream as many gzip members of one mebibyte each, several at a time on the thread pool
 * and written in order. Gunzip reads the members as one stream. Blocks that do not shrink are
 * stored. Memory stays at a few blocks whatever the size.
 */
import { promisify } from "node:util";
import { constants, crc32, deflateRawSync, gunzip, gzip } from "node:zlib";

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

/** Uncompressed bytes in a block. */
const BLOCK_BYTES = 1 << 20;
/** Blocks in work at once: two cores are kept busy while the oldest is written. */
const IN_WORK = 3;
/**
 * No block shrinks to less than its hundredth: padding is added. So a reader may refuse as a bomb
 * whatever expands more, and never refuses an archive of ours.
 */
export const LARGEST_RATIO = 100;
/** The fastest level: a backup of a busy machine is bound by its processors. */
const LEVEL = 1;
const SAMPLE_BYTES = 4_096;
const SAMPLES = 4;
/** A sample that keeps more than this share of its size is not worth compressing. */
const WORTHWHILE = 0.95;

export interface BlockSink {
  write(bytes: Buffer): Promise<void>;
}

export interface GzipBlocks {
  /** Takes a copy of `bytes`. */
  write(bytes: Buffer): Promise<void>;
  /** Ends the current block and waits until everything is written to the sink. */
  flush(): Promise<void>;
}

function shrinks(block: Buffer): boolean {
  if (block.length <= SAMPLES * SAMPLE_BYTES) return true;
  const step = Math.floor((block.length - SAMPLE_BYTES) / (SAMPLES - 1));
  let kept = 0;
  for (let at = 0; at < SAMPLES; at += 1) {
    const sample = block.subarray(at * step, at * step + SAMPLE_BYTES);
    kept += deflateRawSync(sample, { level: LEVEL }).length;
  }
  return kept < SAMPLES * SAMPLE_BYTES * WORTHWHILE;
}

const EXTRA_HEAD = 12;
const EMPTY_TAIL = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** An empty gzip member of `bytes` bytes at least: zeros in its extra field. */
function paddingMember(bytes: number): Buffer {
  const extra = Math.min(Math.max(bytes - EXTRA_HEAD - EMPTY_TAIL.length, 4), 0xffff);
  const head = Buffer.alloc(EXTRA_HEAD + extra);
  head.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff]);
  head.writeUInt16LE(extra, 10);
  head.write("DP", EXTRA_HEAD, "latin1");
  head.writeUInt16LE(extra - 4, EXTRA_HEAD + 2);
  return Buffer.concat([head, EMPTY_TAIL]);
}

async function compress(block: Buffer, stored: boolean): Promise<Buffer> {
  const level = stored || !shrinks(block) ? constants.Z_NO_COMPRESSION : LEVEL;
  const packed = await gzipAsync(block, { level, chunkSize: BLOCK_BYTES + 4_096, memLevel: 9 });
  const least = Math.ceil(block.length / LARGEST_RATIO);
  return packed.length >= least
    ? packed
    : Buffer.concat([packed, paddingMember(least - packed.length)]);
}

const STORED_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1]);

/**
 * A gzip member that stores `bytes` (at most 65535): the same bytes on every system, of a length that
 * depends on theirs alone.
 */
export function storedMember(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt16LE(bytes.length);
  length.writeUInt16LE(bytes.length ^ 0xffff, 2);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(bytes));
  tail.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([STORED_HEAD, length, bytes, tail]);
}

/** What `storedMember` makes of one tar header. */
export const STORED_HEADER_BYTES = STORED_HEAD.length + 4 + 512 + 8;

/** Small compressed content, at most `limit` bytes when unpacked; throws beyond that. */
export async function unpackSmall(bytes: Buffer, limit: number): Promise<Buffer> {
  return await gunzipAsync(bytes, { maxOutputLength: limit });
}

/**
 * @param stored true for content that is compressed already
 */
export function createGzipBlocks(sink: BlockSink, stored = false): GzipBlocks {
  const free: Buffer[] = [];
  const inWork: { block: Buffer; packed: Promise<Buffer> }[] = [];
  let block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let filled = 0;

  async function writeOldest(): Promise<void> {
    const oldest = inWork.shift();
    if (oldest === undefined) return;
    const packed = await oldest.packed;
    free.push(oldest.block);
    await sink.write(packed);
  }

  async function endBlock(): Promise<void> {
    if (filled === 0) return;
    inWork.push({ block, packed: compress(block.subarray(0, filled), stored) });
    filled = 0;
    if (inWork.length >= IN_WORK) await writeOldest();
    block = free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  return {
    async write(bytes) {
      let rest = bytes;
      while (rest.length > 0) {
        const copied = rest.copy(block, filled);
        filled += copied;
        rest = rest.subarray(copied);
        if (filled === BLOCK_BYTES) await endBlock();
      }
    },
    async flush() {
      await endBlock();
      while (inWork.length > 0) await writeOldest();
    },
  };
}
