/** Takes a real archive apart into its tar entries, so that a test can change them and seal it again. */
import { createHash } from "node:crypto";
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { encodeFooter } from "../../src/backup/archive/footer.js";

const BLOCK = 512;

/** A header with what precedes it (long name, PAX record), and its padded content. */
export interface Part {
  readonly name: string;
  readonly head: Buffer;
  readonly body: Buffer;
}

function sizeOf(head: Buffer): number {
  return Number.parseInt(head.toString("latin1", 124, 135), 8);
}

/** Every entry of the archive, extensions as entries of their own. */
export function partsOf(archive: Buffer): Part[] {
  const tar = gunzipSync(archive);
  const parts: Part[] = [];
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const head = Buffer.from(tar.subarray(at, at + BLOCK));
    const end = at + BLOCK + Math.ceil(sizeOf(head) / BLOCK) * BLOCK;
    const name = head.toString("latin1", 0, 100).replace(/\0.*$/s, "");
    parts.push({ name, head, body: tar.subarray(at + BLOCK, end) });
    at = end;
  }
  return parts;
}

/** A copy of the part with other header bytes and the right header checksum. */
export function altered(part: Part, change: (head: Buffer) => void): Part {
  const head = Buffer.from(part.head);
  change(head);
  head.fill(0x20, 148, 156);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return { ...part, head };
}

/** The parts as an archive whose compression, end and checksum of the whole are right. */
export function sealed(parts: readonly Part[]): Buffer {
  const bytes = (some: readonly Part[]): Buffer =>
    gzipSync(Buffer.concat(some.flatMap(({ head, body }) => [head, body])), { level: 1 });
  const metadata = parts.findIndex(({ name }) => name === "metadata.json");
  const sums = parts.findIndex(({ name }) => name === "SHA256SUMS");
  const before = bytes(parts.slice(0, metadata));
  const middle = bytes(parts.slice(metadata, sums));
  const listing = parts[sums];
  const after = gzipSync(
    Buffer.concat([
      ...parts.slice(sums).flatMap(({ head, body }) => [head, body]),
      Buffer.alloc(2 * BLOCK),
    ]),
  );
  const body = Buffer.concat([before, middle, after]);
  const size = listing === undefined ? 0 : sizeOf(listing.head);
  const content = listing?.body.subarray(0, size) ?? Buffer.alloc(0);
  const footer = encodeFooter({
    crc: crc32(body),
    metadataAt: before.length,
    sumsAt: before.length + middle.length,
    sumsSha256: createHash("sha256").update(content).digest("hex"),
  });
  return Buffer.concat([body, footer]);
}
