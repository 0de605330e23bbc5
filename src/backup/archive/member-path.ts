/** Paths of members as bytes: which are allowed, how they are ordered and how they are shown. */

const SLASH = 0x2f;

/** The parts between the slashes; a trailing slash adds none. */
export function splitPath(path: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = path.indexOf(SLASH); at !== -1; at = path.indexOf(SLASH, start)) {
    parts.push(path.subarray(start, at));
    start = at + 1;
  }
  if (start < path.length) parts.push(path.subarray(start));
  return parts;
}

/** The longest path that Linux takes is 4096 bytes, its terminating zero included. */
export const LONGEST_PATH = 4_095;

/** Why a path cannot be a member, or null when it can. */
export function pathProblem(path: Buffer): string | null {
  if (path.length === 0) return "its name is empty";
  if (path.length > LONGEST_PATH) return "its name is longer than 4095 bytes";
  if (path[0] === SLASH) return "its path is absolute";
  if (path.includes(0)) return "its name holds a zero byte";
  for (const part of splitPath(path)) {
    const text = part.toString("latin1");
    if (text === "") return "its path has an empty part";
    if (text === "." || text === "..") return `its path has a part "${text}"`;
  }
  return null;
}

/** Order of a walk: part by part, each by its bytes; a folder before what it holds. */
export function comparePaths(a: readonly Buffer[], b: readonly Buffer[]): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const [left, right] = [a[at], b[at]];
    if (left === undefined || right === undefined) break;
    const order = Buffer.compare(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

// Control characters and those that turn the direction of text: a name must not steer a terminal.
const UNSHOWABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`;
}

/** For people: as UTF-8, with control characters and undecodable bytes written as `\xHH`. */
export function showPath(path: Buffer): string {
  const text = path.toString("utf8");
  if (Buffer.from(text, "utf8").equals(path)) return text.replace(UNSHOWABLE, escaped);
  return path.toString("latin1").replace(/[^ -~]/g, escaped);
}
