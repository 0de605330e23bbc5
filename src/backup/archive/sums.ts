/** Lines of the member `SHA256SUMS`, as `sha256sum -c` reads them; names are bytes. */

const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

/** `HEX  PATH\n`; a name with a newline or a backslash is escaped and the line starts with `\`. */
export function encodeSum(path: Buffer, sha256: string): Buffer {
  if (!path.includes(NEWLINE) && !path.includes(BACKSLASH)) {
    return Buffer.concat([Buffer.from(`${sha256}  `), path, Buffer.of(NEWLINE)]);
  }
  const escaped = path.toString("latin1").replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
  return Buffer.from(`\\${sha256}  ${escaped}\n`, "latin1");
}

export interface Sum {
  readonly path: Buffer;
  readonly sha256: string;
}

/** Null when the line (without its newline) is not one of ours. */
export function decodeSum(line: Buffer): Sum | null {
  const match = /^(\\?)([0-9a-f]{64}) {2}([\s\S]+)$/.exec(line.toString("latin1"));
  const [, escape, sha256, name] = match ?? [];
  if (sha256 === undefined || name === undefined) return null;
  const plain =
    escape === "" ? name : name.replace(/\\([\\n])/g, (_, c) => (c === "n" ? "\n" : "\\"));
  return { path: Buffer.from(plain, "latin1"), sha256 };
}
