/**
 * Pulls exact amounts out of a stream of chunks, so that the tar reader and the dump reader can be
 * written straight down. Holds one chunk at a time.
 */

export interface ByteReader {
  /** Exactly `length` bytes; throws `TruncatedError` when the stream ends before. */
  take(length: number): Promise<Buffer>;
  /** The next `length` bytes in pieces, as they come. */
  pieces(length: number): AsyncGenerator<Buffer, void, undefined>;
  /** Whether nothing is left. */
  ended(): Promise<boolean>;
  /** Bytes handed out so far. */
  position(): number;
  /** Ends the source early. */
  close(): Promise<void>;
}

/** The stream ended in the middle of something. */
export class TruncatedError extends Error {
  constructor() {
    super("the data ends in the middle");
    this.name = "TruncatedError";
  }
}

const NOTHING = Buffer.alloc(0);

/** @param source chunks of any size; empty ones are allowed. */
export function createByteReader(source: AsyncIterable<Buffer>): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let chunk: Buffer = NOTHING;
  let position = 0;

  async function fill(): Promise<boolean> {
    while (chunk.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return false;
      chunk = next.value;
    }
    return true;
  }

  function cut(length: number): Buffer {
    const part = chunk.subarray(0, length);
    chunk = chunk.subarray(part.length);
    position += part.length;
    return part;
  }

  return {
    position: () => position,
    close: async () => {
      await iterator.return?.();
    },
    ended: async () => !(await fill()),
    async take(length) {
      if (chunk.length >= length) return cut(length);
      const parts: Buffer[] = [];
      let missing = length;
      while (missing > 0) {
        if (!(await fill())) throw new TruncatedError();
        const part = cut(missing);
        parts.push(part);
        missing -= part.length;
      }
      return Buffer.concat(parts, length);
    },
    async *pieces(length) {
      let missing = length;
      while (missing > 0) {
        if (!(await fill())) throw new TruncatedError();
        const part = cut(missing);
        missing -= part.length;
        yield part;
      }
    },
  };
}
