/** Reads tar entries off a byte stream: a header with its long name and time applied. */
import type { ByteReader } from "./byte-reader.js";
import { showPath } from "./member-path.js";
import {
  BLOCK,
  decodeHeader,
  decodeLongName,
  decodePaxTime,
  padding,
  TarRefusal,
  type RawHeader,
  type TarEntry,
} from "./tar-header.js";

/** A long name and a PAX record are at most this long. */
const LARGEST_EXTENSION = 8_192;

const KINDS: Readonly<Record<string, string>> = {
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a device",
  "4": "a device",
  "6": "a FIFO",
  S: "a sparse file",
  g: "a global PAX header",
  K: "a long link name",
};

async function extension(reader: ByteReader, head: RawHeader): Promise<Buffer> {
  if (head.size > LARGEST_EXTENSION) throw new TarRefusal("a tar extension is too large");
  const body = await reader.take(head.size);
  await reader.take(padding(head.size));
  return body;
}

function toEntry(head: RawHeader, path: Buffer, mtimeNs: bigint): TarEntry {
  const kind = head.type === "0" ? "file" : head.type === "5" ? "folder" : null;
  if (kind === null) {
    const what = KINDS[head.type] ?? `of type "${showPath(Buffer.from(head.type, "latin1"))}"`;
    throw new TarRefusal(`${showPath(path)} is ${what}, which no backup holds`);
  }
  if (kind === "folder" && head.size !== 0) throw new TarRefusal("a folder has content");
  return { path, kind, size: head.size, mode: head.mode & 0o777, mtimeNs };
}

/** The next entry; its content follows in `reader`. Null at the end of the archive. */
export async function nextEntry(reader: ByteReader): Promise<TarEntry | null> {
  let path: Buffer | null = null;
  let mtimeNs: bigint | null = null;
  for (;;) {
    const head = decodeHeader(await reader.take(BLOCK));
    if (head === null) {
      if (path !== null || mtimeNs !== null) throw new TarRefusal("a tar extension stands alone");
      return null;
    }
    if (head.type === "L") {
      if (path !== null) throw new TarRefusal("a tar extension stands twice");
      path = decodeLongName(await extension(reader, head));
    } else if (head.type === "x") {
      if (mtimeNs !== null) throw new TarRefusal("a tar extension stands twice");
      mtimeNs = decodePaxTime(await extension(reader, head));
    } else {
      return toEntry(head, path ?? head.name, mtimeNs ?? BigInt(head.seconds) * 1_000_000_000n);
    }
  }
}
