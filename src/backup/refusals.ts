/** The failures of backup and restore that several files report, in one wording. */
import { SuperviseError } from "../errors.js";
import { codeOf } from "./node-error.js";

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOSPC: ["no space is left on the device", "free some space or choose another place"],
  EDQUOT: ["the disk quota is used up", "free some space or choose another place"],
  EFBIG: ["the file system does not take a file that large", "choose another place"],
  EROFS: ["the file system is read-only", "choose another place with --output"],
  EACCES: ["permission denied", "check the folder's permissions or choose another place"],
  EPERM: ["the operation is not permitted", "check the folder's permissions"],
  ENOENT: ["the folder does not exist", "create it first"],
  ENOTDIR: ["a part of the path is not a folder", "check the path"],
  EISDIR: ["it is a folder", "name a file"],
  EEXIST: ["the name is taken", "choose another name"],
  EPIPE: ["the reader went away", "check the program that reads the pipe"],
  EXDEV: ["it lies on another file system", "choose a place on the same file system"],
};

function reasonOf(error: unknown): readonly [string, string] {
  const known = REASONS[codeOf(error) ?? ""];
  if (known !== undefined) return known;
  return [error instanceof Error ? error.message : String(error), "check the place"];
}

/** 73: `what` could not be written. Failures of the catalogue pass as they are. */
export function unwritable(path: string, error: unknown): SuperviseError {
  if (error instanceof SuperviseError) return error;
  const [reason, remedy] = reasonOf(error);
  return new SuperviseError("OUTPUT_UNWRITABLE", {
    what: `cannot write: ${reason}`,
    where: path,
    remedy,
    cause: error,
  });
}

/** 73: a restore failed, and its uploads could not be undone; the journal stays for the next command. */
export function putBackFailed(uploads: string, old: string, error: unknown): SuperviseError {
  return new SuperviseError("OUTPUT_UNWRITABLE", {
    what: `the restore failed and the uploads could not be put back: ${reasonOf(error)[0]}; the database is as before, the old uploads are in ${old}`,
    where: uploads,
    remedy:
      "correct that, then run `supervise backup create` or `restore`: it puts them back first",
    cause: error,
  });
}

/** 66: an input file could not be read. */
export function unreadable(path: string, error: unknown): SuperviseError {
  if (error instanceof SuperviseError) return error;
  const missing = codeOf(error) === "ENOENT";
  return new SuperviseError("INPUT_NOT_FOUND", {
    what: missing ? "no such file" : `cannot read: ${reasonOf(error)[0]}`,
    where: path,
    remedy: missing ? "check the name; `supervise backup list` shows the backups" : "check it",
    cause: error,
  });
}

/** 65: the archive is damaged, incomplete or not one of ours. */
export function invalidArchive(path: string, what: string, cause?: unknown): SuperviseError {
  return new SuperviseError("ARCHIVE_INVALID", {
    what: `the backup cannot be trusted: ${what}`,
    where: path,
    remedy: "use another backup; nothing was changed",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** 65: the archive is sound, but must not be restored here. */
export function refused(what: string, where: string, remedy: string): SuperviseError {
  return new SuperviseError("RESTORE_REFUSED", { what, where, remedy });
}

/** 130: a signal asked for the end. */
export function interrupted(): SuperviseError {
  return new SuperviseError("INTERRUPTED", {
    what: "interrupted",
    remedy: "nothing was left behind; run it again",
  });
}
