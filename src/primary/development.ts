/** What runs beside the supervisor in development only: watching, for now. */
import type { Config } from "../config/config.js";
import type { ControlTarget } from "../control/protocol.js";
import type { Logger } from "../log/logger.js";
import type { Watch } from "./watch/watch.js";

export interface Development {
  /** The application serves: what would only have slowed its start begins now. */
  begin(): void;
  /** A change has been seen: from then on a person is at work here. */
  hasChanged(): boolean;
  close(): Promise<void>;
}

export interface DevelopmentInput {
  readonly config: Config;
  readonly target: ControlTarget;
  readonly log: Logger;
}

export function createDevelopment({ config, target, log }: DevelopmentInput): Development {
  let watching: Promise<Watch> | null = null;
  let changed = false;
  const start = async (): Promise<Watch> => {
    const { startWatch } = await import("./watch/watch.js");
    return startWatch({
      config,
      log,
      // Its outcome is in the log; all at once, because nobody waits in line for a developer's worker.
      onChange: () => {
        changed = true;
        return target.reload({ parallel: target.status().workers.length });
      },
    });
  };
  return {
    begin: () => {
      if (config.features.watch) watching ??= start();
    },
    hasChanged: () => changed,
    close: async () => (await watching)?.close(),
  };
}
