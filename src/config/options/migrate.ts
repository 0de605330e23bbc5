/** The settings of `[migrate]`: schema changes at start. */
import { duration, flag, oneOf } from "../kinds.js";
import { byProfile, option } from "./option.js";

export const migrate = {
  /** Apply safe schema changes when the supervisor starts. */
  onStart: option({
    key: "migrate.on_start",
    kind: flag(),
    default: true,
    // The only flag is --no-migrate: a parser that fills in `true` for its absence says nothing.
    flag: { name: "--migrate", read: ({ migrate: on }) => (on === false ? false : undefined) },
    doc: "Apply safe schema changes when the supervisor starts and reloads.",
    example: "false",
  }),
  /** How long to wait for another supervisor's migration. */
  lockWait: option({
    key: "migrate.lock_wait",
    kind: duration(),
    default: 300_000,
    doc: 'How long to wait for the advisory lock while another supervisor migrates, before exit 75. "0s": try once.',
    example: '"5m"',
  }),
  /** How long one DDL statement may queue behind other queries. */
  lockTimeout: option({
    key: "migrate.lock_timeout",
    kind: duration(1),
    default: 100,
    doc: "How long one DDL statement may queue behind other queries' locks before it gives way and tries again. Other queries are held up no longer than this.",
    example: '"100ms"',
  }),
  /** What to do about changes that are never applied automatically. */
  onUnsafe: option<"warn" | "refuse">({
    key: "migrate.on_unsafe",
    kind: oneOf(["warn", "refuse"]),
    default: "warn",
    doc: "Changes that are never applied automatically: report them and start, or refuse to start (78).",
    example: '"refuse"',
  }),
  /** What to do about revisions that have not been run. */
  pendingRevisions: option<"apply" | "refuse">({
    key: "migrate.pending_revisions",
    kind: oneOf(["apply", "refuse"]),
    default: byProfile<"apply" | "refuse">("apply", "refuse", "refuse"),
    doc: "Revisions that have not been run when the supervisor starts: run them, or refuse to start (78).",
    example: '"refuse"',
  }),
};
