/** `backup list` and `backup prune`: the project's backups in `[backup] dir`. */
import { lstat, readdir, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import { readArchiveInfo } from "./archive/archive-reader.js";
import type { Metadata } from "./metadata.js";
import { backupTime } from "./names.js";
import { hasCode } from "./node-error.js";
import { noProgress } from "./progress.js";
import { newestFirst, planPrune, type Candidate, type PrunePlan } from "./prune.js";
import { unreadable, unwritable } from "./refusals.js";
import { noteVerified, verifiedAt } from "./verified.js";
import { verifyArchive } from "./verify.js";

interface Found extends Candidate {
  readonly name: string;
  readonly bytes: number;
}

export interface ListedBackup extends Found {
  /** What the end of the archive says; null when it cannot be read: `problem` says why. */
  readonly metadata: Metadata | null;
  readonly problem: string | null;
  /** When its checksums were last verified, ISO 8601. */
  readonly verified: string | null;
}

/** Plain files with a name that `backup create` gives. Others are not ours to list or remove. */
async function findBackups(config: Config): Promise<Found[]> {
  const folder = resolve(config.root, config.backup.dir);
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw unreadable(folder, error);
  }
  const found: Found[] = [];
  for (const name of names) {
    const time = backupTime(name, config.project.name);
    if (time === null) continue;
    const path = join(folder, name);
    const stats = await lstat(path);
    if (stats.isFile()) found.push({ name, path, time: time.getTime(), bytes: stats.size });
  }
  return newestFirst(found);
}

async function describe(config: Config, found: Found): Promise<ListedBackup> {
  try {
    const { metadata } = await readArchiveInfo(found.path);
    const verified = await verifiedAt(config.root, found.path);
    return { ...found, metadata, problem: null, verified };
  } catch (error) {
    if (!(error instanceof SuperviseError)) throw error;
    return { ...found, metadata: null, problem: error.parts.what, verified: null };
  }
}

/** Newest first. */
export async function listBackups(config: Config): Promise<ListedBackup[]> {
  const listed: ListedBackup[] = [];
  for (const found of await findBackups(config)) listed.push(await describe(config, found));
  return listed;
}

async function isGood(config: Config, path: string): Promise<boolean> {
  try {
    if ((await verifiedAt(config.root, path)) !== null) return true;
    await verifyArchive(path, noProgress);
    await noteVerified(config.root, path, new Date());
    return true;
  } catch (error) {
    if (error instanceof SuperviseError) return false;
    throw error;
  }
}

/** Another project's backup under a name of ours: it neither counts nor goes. */
async function isForeign(config: Config, path: string): Promise<boolean> {
  try {
    return (await readArchiveInfo(path)).metadata.project !== config.project.name;
  } catch (error) {
    if (error instanceof SuperviseError) return false;
    throw error;
  }
}

/**
 * Removes all but the newest `keep` good backups.
 *
 * @param dryRun only decide
 */
export async function pruneBackups(
  config: Config,
  keep: number,
  dryRun = false,
): Promise<PrunePlan> {
  const own: Found[] = [];
  for (const found of await findBackups(config)) {
    if (!(await isForeign(config, found.path))) own.push(found);
  }
  const plan = await planPrune(own, keep, ({ path }) => isGood(config, path));
  if (dryRun) return plan;
  for (const { path } of plan.remove) {
    try {
      await unlink(path);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw unwritable(path, error);
    }
  }
  return plan;
}
