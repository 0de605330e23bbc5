/** What every room logs through. The sink (json or pretty) is made in sink.ts. */

export type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** The stable event names; docs/events.md describes each. */
export type LogEvent =
  | "supervisor.starting"
  | "supervisor.ready"
  | "supervisor.draining"
  | "supervisor.stopped"
  | "pin.verified"
  | "pin.mismatch"
  | "database.waiting"
  | "database.connected"
  | "database.lost"
  | "lock.waiting"
  | "lock.acquired"
  | "lock.released"
  | "migrate.plan"
  | "migrate.step"
  | "migrate.retry"
  | "migrate.unsafe"
  | "migrate.done"
  | "budget.ok"
  | "budget.exceeded"
  | "worker.forked"
  | "worker.ready"
  | "worker.exit"
  | "worker.restarting"
  | "worker.hung"
  | "worker.memory"
  | "worker.killed"
  | "reload.started"
  | "reload.done"
  | "reload.abandoned"
  | "pool.sample"
  | "pool.exhausted"
  | "pool.recovered"
  | "pool.timeout"
  | "pool.leak"
  | "watch.changed";

export type Fields = Readonly<Record<string, unknown>>;

export interface LogLine {
  readonly time: Date;
  readonly level: Level;
  readonly event?: LogEvent;
  readonly msg: string;
  readonly fields: Fields;
}

/** Where a line of a worker's output came from. */
export interface LineSource {
  /** The worker's slot. */
  readonly worker: number;
  readonly stream: "stdout" | "stderr";
}

export interface Logger {
  /** One line: the event, a sentence for people, and the event's own fields. */
  event(level: Level, event: LogEvent, msg: string, fields?: Fields): void;
  debug(msg: string, fields?: Fields): void;
  info(msg: string, fields?: Fields): void;
  warn(msg: string, fields?: Fields): void;
  error(msg: string, fields?: Fields): void;
}

/** Where the primary's log ends up, with what only the main job needs of it. */
export interface LogSink extends Logger {
  /** Whole lines of a worker's output, without their line ends. */
  output(source: LineSource, lines: readonly string[]): void;
  /** Settles when what was logged has been taken; null when there is nothing to wait for. */
  drained(): Promise<void> | null;
  /** Opens log files again that were moved away, for log rotation. */
  reopen(): void;
}
