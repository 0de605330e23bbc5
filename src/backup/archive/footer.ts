/**
 * The last bytes of an archive: an empty gzip member whose extra field says where metadata.json and
 * SHA256SUMS start in the file. Any gunzip passes over it. With it `list` reads one small part of a
 * large archive, and a file without it was cut short or is not ours.
 */

export interface Footer {
  /** Offset in the file of the gzip member that starts the entry metadata.json. */
  readonly metadataAt: number;
  /** The same of SHA256SUMS. */
  readonly sumsAt: number;
  /** SHA-256 of the content of SHA256SUMS, in hex. */
  readonly sumsSha256: string;
  /**
   * CRC-32 of all bytes before this footer, so that no bit of the file can change unnoticed, also
   * where gunzip looks away. Headers that were corrected afterwards (`patched_headers` of
   * metadata.json) count as zeros.
   */
  readonly crc: number;
}

const PAYLOAD = 8 + 8 + 32 + 4;
const HEAD = Buffer.from([
  ...[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff],
  ...[PAYLOAD + 4, 0],
  ...Buffer.from("DZ"),
  ...[PAYLOAD, 0],
]);
const TAIL = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

export const FOOTER_BYTES = HEAD.length + PAYLOAD + TAIL.length;

export function encodeFooter(footer: Footer): Buffer {
  const payload = Buffer.alloc(PAYLOAD);
  payload.writeBigUInt64BE(BigInt(footer.metadataAt), 0);
  payload.writeBigUInt64BE(BigInt(footer.sumsAt), 8);
  payload.write(footer.sumsSha256, 16, "hex");
  payload.writeUInt32BE(footer.crc, 48);
  return Buffer.concat([HEAD, payload, TAIL]);
}

/** Null when the bytes are not a footer. `fileBytes` bounds the offsets. */
export function decodeFooter(bytes: Buffer, fileBytes: number): Footer | null {
  if (bytes.length !== FOOTER_BYTES) return null;
  if (!bytes.subarray(0, HEAD.length).equals(HEAD)) return null;
  if (!bytes.subarray(HEAD.length + PAYLOAD).equals(TAIL)) return null;
  const metadataAt = bytes.readBigUInt64BE(HEAD.length);
  const sumsAt = bytes.readBigUInt64BE(HEAD.length + 8);
  if (metadataAt >= sumsAt || sumsAt >= BigInt(fileBytes)) return null;
  return {
    metadataAt: Number(metadataAt),
    sumsAt: Number(sumsAt),
    sumsSha256: bytes.toString("hex", HEAD.length + 16, HEAD.length + 48),
    crc: bytes.readUInt32BE(HEAD.length + 48),
  };
}
