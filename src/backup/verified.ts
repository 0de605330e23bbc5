/**
 * Remembers which backups were verified, so that `list` can tell and `prune` need not read them
 * again. A note counts only while the file has the size and times that it had then.
 */
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode } from "./node-error.js";

type Notes = Readonly<Record<string, { readonly file: string; readonly at: string }>>;

function notesPath(root: string): string {
  return join(root, ".dazzle", "backups.json");
}

async function readNotes(root: string): Promise<Notes> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(notesPath(root), "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return {};
    throw error;
  }
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).flatMap(([path, note]: [string, unknown]) => {
    if (typeof note !== "object" || note === null || !("file" in note) || !("at" in note))
      return [];
    const { file, at } = note;
    return typeof file === "string" && typeof at === "string"
      ? [[path, { file, at }] as const]
      : [];
  });
  return Object.fromEntries(entries);
}

/** Changes whenever the file is written to or replaced; null when it is gone. */
async function identity(path: string): Promise<string | null> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join("-");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}

/** When the backup was last verified, ISO 8601; null when it was not, or has changed since. */
export async function verifiedAt(root: string, path: string): Promise<string | null> {
  const note = (await readNotes(root))[path];
  return note !== undefined && note.file === (await identity(path)) ? note.at : null;
}

/**
 * Notes that `path` is good as it is now. Backups that have gone are forgotten. Where the project's
 * folder cannot be written there is no note, and the verification counts all the same.
 */
export async function noteVerified(root: string, path: string, now: Date): Promise<void> {
  try {
    await note(root, path, now);
  } catch (error) {
    if (!hasCode(error, "EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR")) throw error;
  }
}

async function note(root: string, path: string, now: Date): Promise<void> {
  const notes = new Map(Object.entries(await readNotes(root)));
  const file = await identity(path);
  if (file === null) return;
  notes.set(path, { file, at: now.toISOString() });
  for (const [other] of notes) if ((await identity(other)) === null) notes.delete(other);
  const target = notesPath(root);
  const temporary = `${target}.${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  await writeFile(temporary, JSON.stringify(Object.fromEntries(notes)), { mode: 0o600 });
  await rename(temporary, target);
}
