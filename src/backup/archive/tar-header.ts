/**
 * The tar headers of an archive: POSIX ustar for plain files and folders, a GNU long name (`L`) for a
 * path over 100 bytes, and a PAX record for a time that whole seconds cannot hold. Paths are bytes,
 * since names on disk need not be UTF-8.
 *
 * The reader takes exactly what the writer makes and refuses everything else: links, devices, sparse
 * files, PAX overrides of path or size, other dialects. What is refused is documented in
 * docs/backup.md.
 */

export const BLOCK = 512;

export interface TarEntry {
  /** As stored; a folder's ends with `/`. */
  readonly path: Buffer;
  readonly kind: "file" | "folder";
  readonly size: number;
  /** The nine permission bits. */
  readonly mode: number;
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint;
}

/** A header that this program would not have written. The message says what is wrong with it. */
export class TarRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TarRefusal";
  }
}

const NS = 1_000_000_000n;
const LARGEST_OCTAL = 8 ** 11 - 1;
const NAME_BYTES = 100;

function floorSeconds(ns: bigint): bigint {
  const seconds = ns / NS;
  return ns % NS < 0n ? seconds - 1n : seconds;
}

function putNumber(block: Buffer, at: number, width: number, value: number): void {
  if (value <= 8 ** (width - 1) - 1) {
    block.write(value.toString(8).padStart(width - 1, "0"), at, "latin1");
    return;
  }
  block.writeUInt32BE(0x80000000, at);
  block.writeBigUInt64BE(BigInt(value), at + width - 8);
}

function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at += 1) {
    if (at < 148 || at >= 156) sum += block[at] ?? 0;
  }
  return sum;
}

function header(
  name: Buffer,
  type: string,
  fields: { size: number; mode: number; seconds: number },
): Buffer {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, NAME_BYTES);
  putNumber(block, 100, 8, fields.mode);
  putNumber(block, 108, 8, 0);
  putNumber(block, 116, 8, 0);
  putNumber(block, 124, 12, fields.size);
  putNumber(block, 136, 12, fields.seconds);
  block.write(type, 156, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  block.write(`${checksum(block).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Bytes from `size` to the next block. */
export function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function withBody(head: Buffer, body: Buffer): Buffer[] {
  return [head, body, Buffer.alloc(padding(body.length))];
}

function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (length !== rest.length + String(length).length) {
    length = rest.length + String(length).length;
  }
  return Buffer.from(`${length}${rest}`);
}

function decimalSeconds(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  return `${ns < 0n ? "-" : ""}${size / NS}.${String(size % NS).padStart(9, "0")}`;
}

/** The blocks that stand before an entry's content. */
export function encodeEntry(entry: TarEntry): Buffer {
  const seconds = floorSeconds(entry.mtimeNs);
  const whole = seconds >= 0n && seconds <= BigInt(LARGEST_OCTAL) ? Number(seconds) : 0;
  const parts: Buffer[] = [];
  const plain = { mode: 0o644, seconds: 0 };
  if (BigInt(whole) * NS !== entry.mtimeNs) {
    const record = paxRecord("mtime", decimalSeconds(entry.mtimeNs));
    const head = header(Buffer.from("PaxHeader"), "x", { ...plain, size: record.length });
    parts.push(...withBody(head, record));
  }
  if (entry.path.length > NAME_BYTES) {
    const name = Buffer.concat([entry.path, Buffer.alloc(1)]);
    const head = header(Buffer.from("././@LongLink"), "L", { ...plain, size: name.length });
    parts.push(...withBody(head, name));
  }
  const type = entry.kind === "folder" ? "5" : "0";
  parts.push(header(entry.path, type, { size: entry.size, mode: entry.mode, seconds: whole }));
  return Buffer.concat(parts);
}

/** One header block as it stands, before long names and PAX records are applied. */
export interface RawHeader {
  readonly type: string;
  readonly name: Buffer;
  readonly size: number;
  readonly mode: number;
  readonly seconds: number;
}

function number(block: Buffer, at: number, width: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) {
    const value = block.readBigUInt64BE(at + width - 8);
    const filler = block.subarray(at + 1, at + width - 8);
    if (block[at] !== 0x80 || filler.some((byte) => byte !== 0) || value > 2n ** 53n - 1n) {
      throw new TarRefusal("a number in a tar header is out of range");
    }
    return Number(value);
  }
  const text = block.toString("latin1", at, at + width).replace(/[\0 ]+$/, "");
  if (!/^[0-7]*$/.test(text)) throw new TarRefusal("a number in a tar header is not octal");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

/** Null for a block of zeros, which ends the archive. */
export function decodeHeader(block: Buffer): RawHeader | null {
  if (block.every((byte) => byte === 0)) return null;
  if (number(block, 148, 8) !== checksum(block)) {
    throw new TarRefusal("the checksum of a tar header is wrong");
  }
  if (block.toString("latin1", 257, 265) !== "ustar\u000000") {
    throw new TarRefusal("a tar header is in another dialect than this program writes");
  }
  if (block.subarray(345, 500).some((byte) => byte !== 0)) {
    throw new TarRefusal("a tar header has a path prefix, which this program does not write");
  }
  return {
    type: String.fromCharCode(block[156] ?? 0),
    name: Buffer.from(untilNul(block.subarray(0, NAME_BYTES))),
    size: number(block, 124, 12),
    mode: number(block, 100, 8),
    seconds: number(block, 136, 12),
  };
}

/** The path in the body of a GNU long name. */
export function decodeLongName(body: Buffer): Buffer {
  const name = untilNul(body);
  if (name.length !== body.length - 1) throw new TarRefusal("a long name holds a zero byte");
  return Buffer.from(name);
}

/** The time in the body of a PAX header; any other record is refused. */
export function decodePaxTime(body: Buffer): bigint {
  const match = /^(\d+) mtime=(-?)(\d{1,15})\.(\d{9})\n$/.exec(body.toString("latin1"));
  if (match === null || Number(match[1]) !== body.length) {
    throw new TarRefusal("a PAX header holds something else than a modification time");
  }
  const size = BigInt(match[3] ?? "0") * NS + BigInt(match[4] ?? "0");
  return match[2] === "-" ? -size : size;
}
