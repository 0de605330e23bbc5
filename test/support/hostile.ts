/** Archives that no backup would be: made by hand, with right checksums where only the shape is wrong. */
import { createHash } from "node:crypto";
import { crc32, gzipSync } from "node:zlib";
import { encodeFooter } from "../../src/backup/archive/footer.js";
import { encodeSum } from "../../src/backup/archive/sums.js";
import { encodeEntry, padding } from "../../src/backup/archive/tar-header.js";
import { encodeMetadata, FORMAT_VERSION, type Metadata } from "../../src/backup/metadata.js";

export interface Member {
  readonly path: string | Buffer;
  readonly content?: string | Buffer;
  readonly kind?: "file" | "folder";
  /** Changes the finished header blocks: another type, size or name. The checksum is set again. */
  readonly header?: (blocks: Buffer) => void;
  /** False leaves it out of SHA256SUMS. */
  readonly summed?: boolean;
}

export interface Shape {
  readonly members?: readonly Member[];
  readonly metadata?: Partial<Metadata>;
  /** The text of metadata.json instead of the encoded one. */
  readonly metadataText?: Buffer;
  readonly behindEnd?: Buffer;
  /** Other lines of SHA256SUMS. */
  readonly sums?: (lines: readonly Buffer[]) => readonly Buffer[];
}

const sha = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

export const sample: Metadata = {
  format_version: FORMAT_VERSION,
  project: "tasks",
  framework: "dazzle-supervise",
  framework_version: null,
  timestamp: "2026-11-22T10:00:00.000Z",
  written_by: "dazzle-supervise 0.1.0",
  engine: "copy",
  pg_dump_version: null,
  database: { name: "d", namespace: "public", encoding: "UTF8", server_version: "15.1" },
  revision: null,
  schema_fingerprint: "sha256:0",
  tables: [],
  sequences: [],
  materialized_views: [],
  large_objects: { count: 0 },
  uploads: { files: 1, folders: 1, bytes: 5 },
  sizes: { database: 0, uploads: 5, total: 5 },
  members: [],
  patched_headers: [],
  left_out: [],
  warnings: [],
};

export const FOLDER: Member = { path: "uploads/", kind: "folder" };
export const FILE: Member = { path: "uploads/a", content: "hello" };

/** Sets the checksum of the last header block again. */
function seal(blocks: Buffer): void {
  const head = blocks.subarray(blocks.length - 512);
  head.fill(0x20, 148, 156);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

function entry(member: Member): Buffer {
  const content = Buffer.from(member.content ?? "");
  const blocks = encodeEntry({
    path: Buffer.from(member.path),
    kind: member.kind ?? "file",
    size: content.length,
    mode: 0o644,
    mtimeNs: 1_000_000_000n,
  });
  if (member.header !== undefined) {
    member.header(blocks.subarray(blocks.length - 512));
    seal(blocks);
  }
  return Buffer.concat([blocks, content, Buffer.alloc(padding(content.length))]);
}

/** The archive's bytes. */
export function archive(shape: Shape): Buffer {
  const members = shape.members ?? [FOLDER, FILE];
  const metadata = shape.metadataText ?? encodeMetadata({ ...sample, ...shape.metadata });
  const lines = [...members, { path: "metadata.json", content: metadata } satisfies Member]
    .filter((member) => member.kind !== "folder" && member.summed !== false)
    .map((member) => encodeSum(Buffer.from(member.path), sha(Buffer.from(member.content ?? ""))));
  const sums = Buffer.concat([...(shape.sums?.(lines) ?? lines)]);
  const first = gzipSync(Buffer.concat(members.map(entry)));
  const second = gzipSync(entry({ path: "metadata.json", content: metadata }));
  const third = gzipSync(
    Buffer.concat([
      entry({ path: "SHA256SUMS", content: sums }),
      Buffer.alloc(1_024),
      shape.behindEnd ?? Buffer.alloc(0),
    ]),
  );
  const body = Buffer.concat([first, second, third]);
  const footer = encodeFooter({
    crc: crc32(body),
    metadataAt: first.length,
    sumsAt: first.length + second.length,
    sumsSha256: sha(sums),
  });
  return Buffer.concat([body, footer]);
}
