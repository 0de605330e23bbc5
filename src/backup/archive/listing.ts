/**
 * The text of SHA256SUMS while it grows: in memory up to some thousand files, beyond that in a temporary
 * file, so that a backup of a million files takes no more memory than one of ten.
 */
import { createHash } from "node:crypto";
import { openSpool, type Spool } from "./spool.js";

/** Bytes that are kept in memory. */
const IN_MEMORY = 1 << 20;

export interface Listing {
  add(line: Buffer): Promise<void>;
  /** How many bytes there are, and their SHA-256. */
  readonly size: number;
  sha256(): string;
  /** All of it, from the start. */
  content(): AsyncGenerator<Buffer, void, undefined>;
  remove(): Promise<void>;
}

export function createListing(): Listing {
  const hash = createHash("sha256");
  let recent: Buffer[] = [];
  let recentBytes = 0;
  let size = 0;
  let spool: Spool | null = null;
  return {
    get size() {
      return size;
    },
    sha256: () => hash.copy().digest("hex"),
    async add(line) {
      hash.update(line);
      recent.push(line);
      recentBytes += line.length;
      size += line.length;
      if (recentBytes < IN_MEMORY) return;
      spool ??= await openSpool();
      await spool.sink.write(Buffer.concat(recent, recentBytes));
      recent = [];
      recentBytes = 0;
    },
    async *content() {
      if (spool !== null) yield* spool.content();
      yield* recent;
    },
    async remove() {
      await spool?.remove();
      spool = null;
    },
  };
}
