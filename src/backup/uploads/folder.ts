/** Where the uploads are: what a link in `[backup] uploads` leads to. */
import { lstat, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../../config/config.js";
import { SuperviseError } from "../../errors.js";
import { hasCode } from "../node-error.js";
import { unreadable } from "../refusals.js";

function unusable(path: string, what: string): SuperviseError {
  return new SuperviseError("CONFIG_INVALID", {
    what: `the uploads are ${what}`,
    where: `[backup] uploads: ${path}`,
    remedy: "name the folder that holds them, or remove what stands there",
  });
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw unreadable(path, error);
  }
}

/**
 * The uploads folder, links resolved, so that what is put beside it lies on its disk. Where there is
 * none, the path as configured.
 *
 * @throws CONFIG_INVALID (78) when something else stands there: no backup must miss files in silence;
 *   INPUT_NOT_FOUND (66) when it cannot be looked at
 */
export async function uploadsFolder(config: Config): Promise<string> {
  const path = resolve(config.root, config.backup.uploads);
  try {
    const real = await realpath(path);
    if (!(await stat(real)).isDirectory()) throw unusable(path, "no folder");
    return real;
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR", "ELOOP")) throw unreadable(path, error);
  }
  if (await isLink(path)) throw unusable(path, "a link that leads nowhere");
  return path;
}
