/** The settings of `[supervisor]`: restarts, drain, limits. */
import type { Distribution } from "../config.js";
import { duration, oneOf, size } from "../kinds.js";
import { option } from "./option.js";
import { count, workers } from "./shared.js";

export const supervisor = {
  /** How long a worker may take to become ready. */
  bootTimeout: option({
    key: "supervisor.boot_timeout",
    kind: duration(1),
    default: 60_000,
    doc: "How long a worker may take from its start to ready; past it the boot has failed.",
    example: '"60s"',
  }),
  /** How long a worker may finish what is in flight. */
  drainTimeout: option({
    key: "supervisor.drain_timeout",
    kind: duration(),
    default: 30_000,
    doc: "How long a stopping worker may finish what is in flight; past it, it is killed and the log says how many requests were cut. Keep it under the platform's own limit (Docker 10 s, Kubernetes and Heroku 30 s).",
    example: '"30s"',
  }),
  /** How long an event loop may be blocked. */
  hangTimeout: option({
    key: "supervisor.hang_timeout",
    // A worker gives a sign of life every 50 ms at the most often: less than two of them is no silence.
    kind: duration(100, { zero: true }),
    default: 30_000,
    doc: 'A worker whose event loop is blocked for longer is replaced, and the log carries the stack. "0s": never; else at least 100ms.',
    example: '"30s"',
  }),
  /** Resident memory of a worker above which it is restarted gracefully. */
  maxMemory: option({
    key: "supervisor.max_memory",
    kind: size(),
    default: 0,
    doc: 'A worker whose resident memory is above this is restarted gracefully. "0": no limit.',
    example: '"512MB"',
  }),
  /** Unexpected ends within restart_window after which the supervisor gives up. */
  maxRestarts: option({
    key: "supervisor.max_restarts",
    kind: count,
    default: 10,
    doc: "More unexpected ends of workers than this within restart_window end the supervisor with 70.",
    example: "10",
  }),
  restartWindow: option({
    key: "supervisor.restart_window",
    kind: duration(1),
    default: 60_000,
    doc: "The time in which max_restarts are counted.",
    example: '"60s"',
  }),
  /** How long to go on accepting after TERM, while already not ready. */
  shutdownDelay: option({
    key: "supervisor.shutdown_delay",
    kind: duration(),
    default: 0,
    doc: "After TERM: not ready, but still accepting for this long, for load balancers to notice.",
    example: '"5s"',
  }),
  /** How connections reach workers. */
  distribution: option<Distribution>({
    key: "supervisor.distribution",
    kind: oneOf<Distribution>(["auto", "round-robin", "shared", "reuseport"]),
    default: "auto",
    doc: "How connections reach workers. `auto`: workers accept from one socket, none more than its fair share: even, and nothing is lost with a worker that dies or hangs but what it held. `shared`: the same without the fair share. `round-robin`: the primary hands each one over, as `node:cluster` does. `reuseport`: each worker has its own socket and the kernel spreads connections, also to a worker that hangs; Node.js 23.1 and later, on Linux. A change takes a restart.",
    example: '"auto"',
  }),
  /** Booted workers in reserve. */
  spare: option({
    key: "supervisor.spare",
    kind: workers(0),
    default: 0,
    doc: "Booted workers in reserve, which take the place of one that ends.",
    example: "1",
  }),
};
