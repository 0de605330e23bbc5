/**
 * Chunks of bytes to whole lines. UTF-8 is decoded by line, so a character cut in two by a chunk's end
 * comes through whole. A line without end is passed on in pieces of LONGEST bytes, to bound memory.
 */
const LONGEST = 16 * 1024 * 1024;
const LINE_FEED = 10;

export interface LineSplitter {
  /** The lines that `chunk` completes. */
  push(chunk: Buffer): string[];
  /** What is left without a line end, at the end of the stream. */
  rest(): string[];
}

export function createLineSplitter(): LineSplitter {
  let pending: Buffer[] = [];
  let size = 0;
  const take = (): string => {
    const text = Buffer.concat(pending).toString("utf8");
    pending = [];
    size = 0;
    return text.endsWith("\r") ? text.slice(0, -1) : text;
  };
  return {
    push: (chunk) => {
      const last = chunk.lastIndexOf(LINE_FEED);
      if (last === -1) {
        pending.push(chunk);
        size += chunk.length;
        return size >= LONGEST ? [take()] : [];
      }
      pending.push(chunk.subarray(0, last));
      const lines = take().split("\n");
      const rest = chunk.subarray(last + 1);
      if (rest.length > 0) {
        // Copied: a slice would keep the whole chunk alive.
        pending = [Buffer.from(rest)];
        size = rest.length;
      }
      return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
    },
    rest: () => (size === 0 ? [] : [take()]),
  };
}
