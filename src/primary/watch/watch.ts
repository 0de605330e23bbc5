/**
 * Development's watching: a change in the application, the schema or the configuration asks for one
 * reload. What a reload does, in which order, is not decided here: the schema comes first because
 * every reload migrates before it forks.
 */
import { lstatSync } from "node:fs";
import { relative } from "node:path";
import { watch } from "chokidar";
import type { Config } from "../../config/config.js";
import { findEntry } from "../../config/entry.js";
import type { Logger } from "../../log/logger.js";
import { createBurst } from "./burst.js";
import { ignoreRules } from "./ignored.js";
import { watchSelfMade } from "./self-made.js";

export interface WatchInput {
  readonly config: Config;
  readonly log: Logger;
  /** Settles when the reload has ended, either way. */
  readonly onChange: (paths: readonly string[]) => Promise<unknown>;
}

export interface Watch {
  /** Settles when every file of the project is watched. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** More names than this in a line help nobody. */
const NAMED = 3;

/** Files' times lag behind the clock by up to a tick of the kernel. */
const CLOCK_MS = 10;

/**
 * A renamed file keeps the time of its content, so the later of the two counts; gone: now. Of a link
 * its own: what it leads to is not watched.
 */
function writtenAt(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined ? Infinity : Math.max(found.mtimeMs, found.ctimeMs);
}

function describe(paths: readonly string[]): string {
  const named = paths.slice(0, NAMED).join(", ");
  const more = paths.length - NAMED;
  return `${named}${more > 0 ? ` and ${more} more` : ""} changed`;
}

export function startWatch({ config, log, onChange }: WatchInput): Watch {
  const { root } = config;
  const rules = ignoreRules({ config, entry: findEntry(config) });
  const selfMade = watchSelfMade();
  let reloading = false;
  // chokidar also tells of links that were there before it began, as new ones.
  let began = Date.now();

  const burst = createBurst(async (paths) => {
    const changed = paths.filter((path) => !selfMade.isLeftOut(path));
    if (changed.length === 0) return;
    selfMade.begun(changed);
    const files = changed.map((path) => relative(root, path));
    log.event("info", "watch.changed", describe(files), { files: files.slice(0, 20) });
    reloading = true;
    began = Date.now();
    try {
      await onChange(changed);
    } finally {
      reloading = false;
    }
  });

  const watcher = watch([root, ...(config.file === null ? [] : [config.file])], {
    ignored: rules,
    ignoreInitial: true,
    // A broken or circular link must not keep the rest from being watched.
    followSymlinks: false,
    ignorePermissionErrors: true,
  });
  watcher.on("all", (event, path) => {
    if (event === "addDir" || event === "unlinkDir" || selfMade.isLeftOut(path)) return;
    // New files are told of late: what was written before the last reload began is part of it.
    if (writtenAt(path) < began - CLOCK_MS) return;
    if (reloading && selfMade.during(path)) {
      log.warn(
        `${relative(root, path)} changes with every reload and is not watched from now on: add it to .gitignore`,
      );
      return;
    }
    burst.add(path);
  });
  watcher.on("error", (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(`some files can't be watched: ${reason}`);
  });
  const ready = new Promise<void>((resolve) => {
    watcher.once("ready", () => {
      log.debug(`watching ${root}`);
      resolve();
    });
  });
  return {
    ready,
    close: () => {
      burst.close();
      return watcher.close();
    },
  };
}
