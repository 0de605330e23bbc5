/** The settings of `[app]`: what runs, in how many workers, and where it listens. */
import { flag, mapped, numberOr, optional, text } from "../kinds.js";
import { bareHost, checkHost } from "../texts.js";
import { byProfile, option } from "./option.js";
import { path, port, workers } from "./shared.js";

export const app = {
  /** What a worker loads: a factory module or a script that listens. */
  entry: option({
    key: "app.entry",
    kind: optional(path),
    default: null,
    defaultNote:
      "the main of package.json, else the first of server, app, index (.js .mjs .cjs .ts .mts .cts) that exists",
    flag: { name: "ENTRY", read: (flags) => flags.entry },
    doc: "What a worker loads: a factory module or a script that listens. A file, relative to the folder of dazzle.toml; on the command line relative to the working directory.",
    example: '"app.js"',
  }),
  /** How many worker processes. */
  workers: option<number | "auto">({
    key: "app.workers",
    kind: numberOr(workers(1), "auto"),
    default: byProfile<number | "auto">(1, 2, 4),
    variable: "WEB_CONCURRENCY",
    flag: { name: "--workers", read: (flags) => flags.workers },
    doc: 'How many worker processes. "auto" is twice the CPUs that this process may use (cgroup v2, cgroup v1, affinity), at least 2, lowered so that the connection budget holds.',
    example: '"auto"',
  }),
  /** Where the application listens. */
  host: option({
    key: "app.host",
    kind: mapped(text("a host name, an IP address or unix:PATH", checkHost), bareHost),
    default: byProfile("127.0.0.1", "0.0.0.0", "0.0.0.0"),
    variable: "HOST",
    flag: { name: "--host", read: (flags) => flags.host },
    doc: 'Where the application listens: a host name, an IPv4 or IPv6 address ("::" is all addresses of both), or `unix:PATH` for a unix socket.',
    example: '"0.0.0.0"',
  }),
  /** The TCP port of the application; 0 lets the system choose a free one. */
  port: option({
    key: "app.port",
    kind: port,
    default: 8_000,
    variable: "PORT",
    flag: { name: "--port", read: (flags) => flags.port },
    doc: "The TCP port of the application. 0 lets the system choose a free one, which the log and `supervise status` name.",
    example: "8000",
  }),
  /** Reload when a file of the project changes. */
  watch: option({
    key: "app.watch",
    kind: flag(),
    default: byProfile(true, false, false),
    flag: { name: "--watch", read: (flags) => flags.watch },
    neverIn: ["production"],
    doc: "Reload when a file of the project changes. Cannot be turned on in production.",
    example: "true",
  }),
  /** The endpoints under /__test__/ that reset and seed the database. */
  testEndpoints: option({
    key: "app.test_endpoints",
    kind: flag(),
    default: byProfile(true, true, false),
    neverIn: ["production"],
    doc: "Answer `/__test__/reset`, `seed`, `snapshot` and `table` on the application's port. Cannot be turned on in production.",
    example: "false",
  }),
};
