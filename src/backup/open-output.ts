/** Where `backup create` writes, and what happens to it when the work fails. */
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.js";
import { openOutput, streamOutput, type Output } from "./archive/output.js";
import { removeStalePartials } from "./archive/partials.js";
import { backupName } from "./names.js";
import { access } from "node:fs/promises";
import { hasCode } from "./node-error.js";

export interface Destination {
  readonly config: Config;
  /** See `CreateRequest`. */
  readonly output: string | NodeJS.WritableStream | null;
}

async function taken(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** The first free default name from `time` on: a second backup within one second gets the next one. */
async function freePath(config: Config, time: Date): Promise<string> {
  for (let second = 0; ; second += 1) {
    const later = new Date(time.getTime() + second * 1_000);
    const name = backupName(config.project.name, later);
    const path = resolve(config.root, config.backup.dir, name);
    if (!(await taken(path))) return path;
    if (second > 0) await sleep(0);
  }
}

/**
 * Opens the output, runs `work` and removes what was written when it fails.
 *
 * An explicit file is replaced by the finished archive, as with pg_dump; a default name never
 * replaces anything.
 */
export async function openArchiveOutput<T>(
  destination: Destination,
  time: Date,
  work: (output: Output) => Promise<T>,
): Promise<T> {
  const { config, output: wanted } = destination;
  const output =
    wanted === null
      ? await openOutput(await freePath(config, time), "fail")
      : typeof wanted === "string"
        ? await openOutput(wanted, "replace")
        : streamOutput("standard output", wanted);
  try {
    if (typeof wanted === "string") await removeStalePartials(dirname(wanted));
    if (wanted === null) await removeStalePartials(resolve(config.root, config.backup.dir));
    return await work(output);
  } catch (error) {
    await output.abandon();
    throw error;
  }
}
