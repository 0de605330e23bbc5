/**
 * Where an archive goes. To a file: written under a temporary name beside it (mode 0600), synced, and
 * given its name only when whole. To a stream (standard output, a FIFO): as it comes.
 */
import { constants, type Stats } from "node:fs";
import { link, lstat, open, realpath, rename, unlink, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { guardPartial } from "../guardian.js";
import { hasCode } from "../node-error.js";
import { unwritable } from "../refusals.js";
import { partialName } from "./partials.js";

export interface Output {
  /** False: what is written cannot be corrected afterwards. */
  readonly seekable: boolean;
  write(bytes: Buffer): Promise<void>;
  /** Overwrites earlier bytes; only where `seekable`. */
  patch(at: number, bytes: Buffer): Promise<void>;
  position(): number;
  /** Takes back everything from `at` on; only where `seekable`. */
  cut(at: number): Promise<void>;
  /** Makes what was written final. Returns the path it has, null for a stream. */
  publish(): Promise<string | null>;
  /** Removes what was written. Does nothing after `publish`. */
  abandon(): Promise<void>;
}

/**
 * The name of the finished file: `replace` what has it then, or the first name of a list that nobody
 * has.
 */
export type FinalName =
  { readonly replace: string } | { readonly firstFree: (attempt: number) => string };

async function writeAll(file: FileHandle, bytes: Buffer, at: number | null): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const where = at === null ? null : at + done;
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, where);
    done += bytesWritten;
  }
}

/** Makes a rename or a new name in `folder` survive a power failure. */
export async function syncFolder(folder: string | Buffer): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function existing(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

/** Gives `from` the name `to` without ever replacing another file. Throws EEXIST when it is taken. */
async function publishNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!hasCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK")) throw error;
    // A file system without hard links: the check and the rename are two steps there.
    if ((await existing(to)) !== null) throw Object.assign(new Error("taken"), { code: "EEXIST" });
    await rename(from, to);
    return;
  }
  await unlink(from);
}

/** Gives `partial` the first name that is free. */
async function publishFirstFree(partial: string, name: (at: number) => string): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await publishNew(partial, name(attempt));
      return name(attempt);
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
  }
}

function fileOutput(
  file: FileHandle,
  partial: string,
  target: string,
  publish: () => Promise<string>,
): Output {
  let position = 0;
  let state: "open" | "closed" | "done" = "open";
  const guardian = guardPartial(partial);
  const finish = (): void => {
    state = "done";
    guardian.release();
  };
  async function guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw unwritable(target, error);
    }
  }
  return {
    seekable: true,
    position: () => position,
    write: async (bytes) => {
      await guard(() => writeAll(file, bytes, position));
      position += bytes.length;
    },
    patch: (at, bytes) => guard(() => writeAll(file, bytes, at)),
    cut: async (at) => {
      await guard(() => file.truncate(at));
      position = at;
    },
    publish: () =>
      guard(async () => {
        await file.sync();
        await file.close();
        state = "closed";
        const name = await publish();
        finish();
        await syncFolder(dirname(name));
        return name;
      }),
    abandon: async () => {
      if (state === "done") return;
      if (state === "open") await file.close();
      await unlink(partial).catch((error: unknown) => {
        if (!hasCode(error, "ENOENT")) throw unwritable(partial, error);
      });
      finish();
    },
  };
}

/** Output to something that only takes bytes in order. It is the caller's to close. */
export function streamOutput(name: string, stream: NodeJS.WritableStream): Output {
  let failure: Error | null = null;
  stream.on("error", (error: Error) => {
    failure = error;
  });
  const send = async (bytes: Buffer): Promise<void> => {
    if (failure !== null) throw failure;
    await new Promise<void>((resolve, reject) => {
      stream.write(bytes, (error) =>
        error === null || error === undefined ? resolve() : reject(error),
      );
    });
  };
  return inOrder(name, send, () => Promise.resolve());
}

function inOrder(
  name: string,
  send: (bytes: Buffer) => Promise<void>,
  close: () => Promise<void>,
): Output {
  let position = 0;
  return {
    seekable: false,
    position: () => position,
    patch: () => Promise.reject(new Error("what was sent cannot be corrected")),
    cut: () => Promise.reject(new Error("what was sent cannot be taken back")),
    async write(bytes) {
      try {
        await send(bytes);
      } catch (error) {
        throw unwritable(name, error);
      }
      position += bytes.length;
    },
    publish: async () => {
      await close();
      return null;
    },
    abandon: close,
  };
}

async function specialFileOutput(path: string): Promise<Output> {
  const file = await open(path, constants.O_WRONLY);
  return inOrder(
    path,
    (bytes) => writeAll(file, bytes, null),
    () => file.close(),
  );
}

async function openPartial(target: string): Promise<[FileHandle, string]> {
  const partial = join(dirname(target), partialName(basename(target)));
  return [await open(partial, "wx", 0o600), partial];
}

/** What a path given by a person means: a symbolic link is followed, a device or FIFO is a stream. */
async function openNamed(path: string): Promise<Output> {
  const found = await existing(path);
  const target = found?.isSymbolicLink() === true ? await realpath(path) : path;
  const stats = target === path ? found : await existing(target);
  if (stats?.isDirectory() === true) {
    throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
  }
  if (stats !== null && !stats.isFile()) return specialFileOutput(target);
  const [file, partial] = await openPartial(target);
  return fileOutput(file, partial, target, async () => {
    await rename(partial, target);
    return target;
  });
}

/** @throws OUTPUT_UNWRITABLE when the place cannot take it */
export async function openOutput(name: FinalName): Promise<Output> {
  const path = "replace" in name ? name.replace : name.firstFree(0);
  try {
    if ("replace" in name) return await openNamed(path);
    const [file, partial] = await openPartial(path);
    return fileOutput(file, partial, path, () => publishFirstFree(partial, name.firstFree));
  } catch (error) {
    throw unwritable(path, error);
  }
}
