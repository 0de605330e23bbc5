/** A temporary file for what cannot be written to the archive yet. Mode 0600, in a folder of its own. */
import { constants } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unwritable } from "../refusals.js";
import type { BlockSink } from "./gzip-blocks.js";

export interface Spool {
  readonly sink: BlockSink;
  /** What was written, from the start. Each piece is valid until the next is asked for. */
  content(): AsyncGenerator<Buffer, void, undefined>;
  remove(): Promise<void>;
}

export async function openSpool(): Promise<Spool> {
  const folder = await mkdtemp(join(tmpdir(), "supervise-backup-"));
  const path = join(folder, "member");
  const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600);
  return {
    sink: {
      async write(bytes) {
        try {
          await file.appendFile(bytes);
        } catch (error) {
          throw unwritable(path, error);
        }
      },
    },
    async *content() {
      const piece = Buffer.allocUnsafe(1 << 18);
      for (let at = 0; ;) {
        const { bytesRead } = await file.read(piece, 0, piece.length, at);
        if (bytesRead === 0) return;
        yield piece.subarray(0, bytesRead);
        at += bytesRead;
      }
    },
    async remove() {
      await file.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
