/**
 * The compiled code of what workers run on, kept in memory between them: one of them makes it, and those
 * that come later have nothing to parse, which is a tenth of their boot. V8 takes it only under the same version
 * and flags; it is taken only for the very file it was made from, so that the release on disk is
 * always what runs.
 */
import { readSync, writeSync, type Stats } from "node:fs";
import { openMemoryFile } from "./memory-file.js";

const VARIABLE = "SUPERVISE_CODE_CACHE";

/** Where it lies, for one worker. */
export interface Place {
  readonly path: string;
  /** It is there already; otherwise this worker makes it. */
  readonly made: boolean;
}

export const placeVariable = ({ path, made }: Place): Record<string, string> => ({
  [VARIABLE]: `${made ? "take" : "make"}:${path}`,
});

/** Takes the variable out of the environment: it means nothing to what the application starts. */
export function takePlace(env: NodeJS.ProcessEnv): Place | null {
  const [, order, path] = /^(take|make):(.+)$/.exec(env[VARIABLE] ?? "") ?? [];
  Reflect.deleteProperty(env, VARIABLE);
  return path === undefined ? null : { path, made: order === "take" };
}

/** Which file it was made from, as the file system tells them apart. */
const identityOf = ({ dev, ino, size, ctimeMs }: Stats): readonly number[] => [
  dev,
  ino,
  size,
  ctimeMs,
];

/** The identity, and how long the compiled code is. Written last: until then there is none. */
const HEADER = 5;
const HEADER_BYTES = HEADER * Float64Array.BYTES_PER_ELEMENT;

function readHeader(fd: number): Float64Array {
  const header = new Float64Array(HEADER);
  readSync(fd, header, 0, HEADER_BYTES, 0);
  return header;
}

const lengthIn = (header: Float64Array): number => header[HEADER - 1] ?? 0;

export const isMade = (fd: number): boolean => lengthIn(readHeader(fd)) > 0;

/** Null when there is none, or none of this source. Throws a system error when the file is gone. */
export function readCode(path: string, source: Stats): Buffer | null {
  const file = openMemoryFile(path);
  try {
    const header = readHeader(file.fd);
    if (!identityOf(source).every((part, index) => part === header[index])) return null;
    const code = Buffer.allocUnsafeSlow(lengthIn(header));
    return readSync(file.fd, code, 0, code.length, HEADER_BYTES) === code.length ? code : null;
  } finally {
    file.close();
  }
}

/** Throws a system error when the file is gone, or the memory full. */
export function writeCode(path: string, source: Stats, code: Buffer): void {
  const file = openMemoryFile(path);
  try {
    if (writeSync(file.fd, code, 0, code.length, HEADER_BYTES) < code.length) return;
    const header = Float64Array.from([...identityOf(source), code.length]);
    writeSync(file.fd, header, 0, HEADER_BYTES, 0);
  } finally {
    file.close();
  }
}
