/**
 * What runs beside the supervisor in development only: watching, and what the development page
 * needs. Outside development every part of it stays undone: no line is kept, no file watched.
 */
import type { Config } from "../config/config.js";
import type { ResolvedConfig, Setting } from "../config/load.js";
import { createLogFeed, type LogFeed } from "../control/dev/log-feed.js";
import type { DevTarget } from "../control/dev/target.js";
import type { ControlTarget } from "../control/protocol.js";
import type { Logger, LogSink } from "../log/logger.js";
import type { Supervisor } from "./supervisor.js";
import type { Watch } from "./watch/watch.js";

export interface Development {
  /** Passes on to the sink, and keeps the recent lines for the page. */
  readonly log: LogSink;
  /** The configuration has been read, at the start or for a reload. */
  learn(resolved: ResolvedConfig): void;
  /** What the page works with; null where there is no page. The supervisor is null while it starts. */
  target(
    config: Config,
    supervisor: () => Supervisor | null,
    log: Logger,
  ): Promise<DevTarget | null>;
  /** There is a supervisor: its workers hear of problems. */
  attach(supervisor: Supervisor): void;
  /** The application serves: what would only have slowed its start begins now. */
  begin(target: ControlTarget, log: Logger): void;
  /** A change has been seen: from then on a person is at work here. */
  hasChanged(): boolean;
  close(): Promise<void>;
}

/** After these, what browsers show over the application may be out of date. */
const TELLING: ReadonlySet<string> = new Set([
  "reload.abandoned",
  "reload.done",
  "worker.exit",
  "worker.ready",
]);

function tellWorkers({ handles }: Supervisor, feed: LogFeed): void {
  feed.subscribe(({ event }) => {
    if (event === null || !TELLING.has(event)) return;
    for (const handle of handles.values()) {
      handle.send({ type: "problem", problem: feed.problem() });
    }
  });
}

export function createDevelopment(sink: LogSink): Development {
  const feed = createLogFeed(sink);
  let resolved: ResolvedConfig | null = null;
  let watching: Promise<Watch | null> | null = null;
  let changed = false;

  const watch = async (target: ControlTarget, log: Logger): Promise<Watch | null> => {
    if (resolved === null) return null;
    const { startWatch } = await import("./watch/watch.js");
    return startWatch({
      config: resolved.config,
      log,
      // Its outcome is in the log; all at once, because nobody waits in line for a developer's worker.
      onChange: () => {
        changed = true;
        return target.reload({ parallel: target.status().workers.length });
      },
    });
  };
  const settings = (): readonly Setting[] => resolved?.settings ?? [];

  return {
    log: feed.log,
    learn: (now) => {
      resolved = now;
      if (now.config.features.devControlPlane) feed.keep();
    },
    attach: (supervisor) => {
      const { features } = supervisor.release().config;
      if (features.devControlPlane && features.watch) tellWorkers(supervisor, feed);
    },
    target: async (first, supervisor, log) => {
      const { features, control } = first;
      if (!features.devControlPlane || control.port === 0) return null;
      const { createDevTarget } = await import("./dev-target.js");
      const config = () => supervisor()?.release().config ?? first;
      return createDevTarget({ supervisor, config, feed, settings, log });
    },
    begin: (target, log) => {
      if (resolved?.config.features.watch === true) watching ??= watch(target, log);
    },
    hasChanged: () => changed,
    close: async () => (await watching)?.close(),
  };
}
