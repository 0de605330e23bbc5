/** Whether a folder is a mount point, which cannot be renamed. */
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "../node-error.js";

/** Mount points as Linux lists them; null where there is no such list. */
async function listedMounts(): Promise<Set<string> | null> {
  try {
    const text = await readFile("/proc/self/mountinfo", "utf8");
    const paths = text.split("\n").map((line) => line.split(" ")[4] ?? "");
    const octal = /\\([0-7]{3})/g;
    return new Set(
      paths.map((path) =>
        path.replace(octal, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
      ),
    );
  } catch (error) {
    if (hasCode(error, "ENOENT", "EACCES")) return null;
    throw error;
  }
}

/** @param path absolute, links resolved, existing */
export async function isMountPoint(path: string): Promise<boolean> {
  const mounts = await listedMounts();
  if (mounts !== null && mounts.has(path)) return true;
  const [own, parent] = await Promise.all([stat(path), stat(dirname(path))]);
  return own.dev !== parent.dev;
}
