/**
 * Unpacks the uploads into a folder of mode 0700, where nobody sees them before they are whole and
 * verified. Every path was checked by member-order.ts, every folder on the way was made here, and
 * files are created, never opened: nothing can lead outside.
 */
import { chmod, mkdir, open, utimes, type FileHandle } from "node:fs/promises";
import type { TarEntry } from "../archive/tar-header.js";
import { splitPath } from "../archive/member-path.js";
import { syncFolder } from "../archive/output.js";
import { unwritable } from "../refusals.js";
import { closedToOwner } from "./sync.js";
import { below } from "./walk.js";

export interface Stage {
  /** Takes the next entry, in the order of a walk. */
  take(entry: TarEntry, content: AsyncIterable<Buffer>): Promise<void>;
  /** Gives the last folders their modes and times. Nothing is durable yet: that is sync.ts. */
  finish(): Promise<void>;
}

interface OpenFolder {
  readonly depth: number;
  readonly path: Buffer;
  readonly entry: TarEntry;
}

const NS_PER_US = 1_000n;

/**
 * A time as `utimes` sets it, to the microsecond. What it gets is cut off there, so it is given the
 * middle of the microsecond: a double just below would lose one. As text, because Node takes a
 * negative number for the present time.
 */
function seconds(ns: bigint): string {
  const cut = ns / NS_PER_US;
  const microseconds = cut * NS_PER_US > ns ? cut - 1n : cut;
  return String((Number(microseconds) + (microseconds < 0n ? -0.5 : 0.5)) / 1e6);
}

async function writeAll(file: FileHandle, content: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of content) {
    let done = 0;
    while (done < piece.length) {
      done += (await file.write(piece, done, piece.length - done)).bytesWritten;
    }
  }
}

/** @param folder an empty folder of ours; the archive's `uploads/` becomes `folder` itself */
export function createStage(folder: string): Stage {
  let openFolders: OpenFolder[] = [];
  async function closeFolders(depth: number): Promise<void> {
    while ((openFolders.at(-1)?.depth ?? -1) >= depth) {
      const closing = openFolders.at(-1);
      openFolders = openFolders.slice(0, -1);
      if (closing === undefined) return;
      const time = seconds(closing.entry.mtimeNs);
      if (outOfReach(closing.entry)) await syncFolder(closing.path);
      await utimes(closing.path, time, time);
      await chmod(closing.path, closing.entry.mode);
    }
  }

  /** sync.ts will not be able to open it again. */
  function outOfReach(entry: TarEntry): boolean {
    return (
      closedToOwner(entry.mode, entry.kind) ||
      openFolders.some((folder) => closedToOwner(folder.entry.mode, "folder"))
    );
  }

  async function takeFile(path: Buffer, entry: TarEntry, content: AsyncIterable<Buffer>) {
    const file = await open(path, "wx", 0o600);
    try {
      await writeAll(file, content);
      const time = seconds(entry.mtimeNs);
      await file.utimes(time, time);
      await file.chmod(entry.mode);
      if (outOfReach(entry)) await file.datasync();
    } finally {
      await file.close();
    }
  }

  async function take(entry: TarEntry, content: AsyncIterable<Buffer>): Promise<void> {
    const parts = splitPath(entry.path).slice(1);
    const path = below(folder, parts.length === 0 ? Buffer.alloc(0) : joined(parts));
    await closeFolders(parts.length);
    if (entry.kind === "file") {
      await takeFile(path, entry, content);
      return;
    }
    if (parts.length > 0) await mkdir(path, { mode: 0o700 });
    openFolders.push({ depth: parts.length, path, entry });
  }

  return {
    async take(entry, content) {
      try {
        await take(entry, content);
      } catch (error) {
        throw asUnwritable(folder, error);
      }
    },
    async finish() {
      try {
        await closeFolders(0);
      } catch (error) {
        throw asUnwritable(folder, error);
      }
    },
  };
}

function joined(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts.flatMap((part, at) => (at === 0 ? [part] : [Buffer.from("/"), part])));
}

/** Failures of the disk are 73; those of the archive pass. */
function asUnwritable(folder: string, error: unknown): unknown {
  return error instanceof Error && "syscall" in error ? unwritable(folder, error) : error;
}
