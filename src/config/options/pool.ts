/** The settings of `[pool]`: each worker's connections. */
import { duration, flag, wholeNumber } from "../kinds.js";
import { byProfile, option } from "./option.js";

/** The largest `max_connections` that PostgreSQL takes (guc_tables.c, MAX_BACKENDS = 2^18 - 1). */
const MOST_CONNECTIONS = 2 ** 18 - 1;

const connections = (min: number) => wholeNumber(min, MOST_CONNECTIONS);

export const pool = {
  /** Connections that each worker keeps open. */
  min: option({
    key: "pool.min",
    kind: connections(0),
    default: byProfile(2, 2, 5),
    variable: "DAZZLE_DB_POOL_MIN",
    doc: "Connections that each worker opens before it is ready and keeps open. At most pool.max.",
    example: "2",
  }),
  /** Connections that each worker may open. */
  max: option({
    key: "pool.max",
    kind: connections(1),
    default: byProfile(10, 10, 20),
    variable: "DAZZLE_DB_POOL_MAX",
    doc: "Connections that each worker may open. All workers together need app.workers × pool.max, and one more for the supervisor.",
    example: "10",
  }),
  /** How long a checkout may wait for a connection before it is rejected. */
  acquireTimeout: option({
    key: "pool.acquire_timeout",
    kind: duration(1),
    default: 5_000,
    doc: "How long a checkout may wait for a connection, opening one included, before it is rejected.",
    example: '"5s"',
  }),
  /** The wait of the oldest waiter from which a saturated pool counts as exhausted. */
  warnWait: option({
    key: "pool.warn_wait",
    kind: duration(1),
    default: 1_000,
    doc: "A saturated pool whose oldest waiter has waited this long counts as exhausted, and `pool.exhausted` is logged.",
    example: '"1s"',
  }),
  /** How long a connection may be held before it is reported as a leak. */
  leakAfter: option({
    key: "pool.leak_after",
    kind: duration(),
    default: 60_000,
    doc: 'A connection held longer than this is reported once as `pool.leak`, with the stack of its checkout. "0s": never.',
    example: '"60s"',
  }),
  /** Connections are replaced at this age. */
  maxLifetime: option({
    key: "pool.max_lifetime",
    kind: duration(),
    default: 3_600_000,
    doc: 'Connections are replaced at this age, so that memory which their server processes have gathered is freed and a failover is noticed. "0s": never.',
    example: '"1h"',
  }),
  /** Connections above pool.min that stay idle this long are closed. */
  idleTimeout: option({
    key: "pool.idle_timeout",
    kind: duration(),
    default: 60_000,
    doc: 'Connections above pool.min that stay idle this long are closed. "0s": never.',
    example: '"60s"',
  }),
  /** Start in production though the pools cannot all be filled. */
  overcommit: option({
    key: "pool.overcommit",
    kind: flag(),
    default: false,
    doc: "Start in production though the workers' pools together are larger than what the server allows; `budget.exceeded` is then a warning instead of exit 78.",
    example: "true",
  }),
};
