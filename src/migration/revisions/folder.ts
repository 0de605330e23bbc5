/** The revisions of the project, in order. */
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Config } from "../../config/config.js";
import { SuperviseError } from "../../errors.js";
import { readRevision, revisionName, type Revision } from "./file.js";

/** @throws SuperviseError REVISION_INVALID for a file that cannot be read as one, or a version used twice. */
export function readRevisions(config: Config): Revision[] {
  const folder = config.database.revisions;
  const path = resolve(config.root, folder);
  const revisions = fileNames(path).flatMap((fileName) => {
    const named = revisionName(fileName);
    if (named === null) return [];
    const text = readFileSync(join(path, fileName), "utf8");
    return [readRevision(named, `${folder}/${fileName}`, text)];
  });
  revisions.sort((a, b) => compareVersions(a.version, b.version));
  for (const [index, revision] of revisions.entries()) {
    const next = revisions[index + 1];
    if (next?.version !== revision.version) continue;
    throw new SuperviseError("REVISION_INVALID", {
      what: `two revisions have the version ${revision.version}`,
      where: `${revision.file}, ${next.file}`,
      remedy: "give one of them a later version",
    });
  }
  return revisions;
}

/** By number: dbmate's versions may be of any length. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [BigInt(a), BigInt(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function fileNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
