/** Where `backup create` writes, and what happens to it when the work fails. */
import { dirname, resolve } from "node:path";
import type { Config } from "../config/config.js";
import { openOutput, streamOutput, type Output } from "./archive/output.js";
import { removeStalePartials } from "./archive/partials.js";
import { backupName } from "./names.js";

export interface Destination {
  readonly config: Config;
  /** See `CreateRequest`. */
  readonly output: string | NodeJS.WritableStream | null;
}

/** The default name; a second backup within one second takes the next second's. */
function defaultName(config: Config, time: Date): (attempt: number) => string {
  return (attempt) => {
    const later = new Date(time.getTime() + attempt * 1_000);
    return resolve(config.root, config.backup.dir, backupName(config.project.name, later));
  };
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
      ? await openOutput({ firstFree: defaultName(config, time) })
      : typeof wanted === "string"
        ? await openOutput({ replace: wanted })
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
