/**
 * Brings a freshly unpacked tree to the disk while something else goes on: by the time the rows are
 * loaded, the uploads are durable too, and neither has waited for the other.
 */
import { open, readdir } from "node:fs/promises";
import { syncFolder } from "../archive/output.js";
import { hasCode } from "../node-error.js";
import { unwritable } from "../refusals.js";

export interface Sync {
  /** Settles when everything is on disk. @throws OUTPUT_UNWRITABLE (73) */
  done(): Promise<void>;
  /** Gives up; settles once nothing is under way. */
  stop(): Promise<void>;
}

/** Files on their way at once: half of Node's threads for files, the rest reads the archive. */
const AT_ONCE = 2;

/** Modes that keep even the owner from opening it later: synced while it is still open (stage.ts). */
export function closedToOwner(mode: number, kind: "file" | "folder"): boolean {
  const needed = kind === "file" ? 0o400 : 0o500;
  return (mode & needed) !== needed;
}

const SLASH = Buffer.from("/");

async function* everything(folder: Buffer): AsyncGenerator<Buffer, void, undefined> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: "buffer" }).catch(
    (error: unknown) => {
      unlessClosed(error);
      return null;
    },
  );
  if (entries === null) return;
  for (const entry of entries) {
    const path = Buffer.concat([folder, SLASH, entry.name]);
    if (entry.isDirectory()) yield* everything(path);
    else yield path;
  }
  await syncFolder(folder);
}

async function syncFile(path: Buffer): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** What its mode closes was synced before; anything else counts. */
function unlessClosed(error: unknown): void {
  if (!hasCode(error, "EACCES")) throw error;
}

async function syncTree(folder: Buffer, stopped: () => boolean): Promise<void> {
  const files = everything(folder);
  const worker = async (): Promise<void> => {
    for (let next = await files.next(); next.done !== true; next = await files.next()) {
      if (stopped()) return;
      await syncFile(next.value).catch(unlessClosed);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

export function startSync(folder: string): Sync {
  let stopped = false;
  const work = syncTree(Buffer.from(folder), () => stopped).catch((error: unknown) => {
    throw unwritable(folder, error);
  });
  // Awaited by whoever calls `done` or `stop`; until then a failure must not count as unhandled.
  work.catch(() => undefined);
  return {
    done: () => work,
    async stop() {
      stopped = true;
      await work.catch(() => undefined);
    },
  };
}
