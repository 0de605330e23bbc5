/**
 * Every setting, each with its manual: what it means, its unit, its defaults, its environment
 * variable and flag, and an example. docs/configuration.md is generated from this file, and
 * resolve.ts reads every value through it, so a setting that is not here does not exist.
 */
import type { Distribution, Environment } from "./config.js";
import type { ConfigFlags } from "./flags.js";
import {
  duration,
  flag,
  list,
  mapped,
  numberOr,
  oneOf,
  optional,
  size,
  text,
  wholeNumber,
} from "./kinds.js";
import type { Kind } from "./kinds.js";
import {
  bareHost,
  checkDatabaseUrl,
  checkHost,
  checkNamespace,
  checkPackageName,
  checkPlain,
  checkProjectName,
  checkTcpHost,
} from "./texts.js";

export interface Option<T> {
  /** `section.key`, as dazzle.toml spells it. */
  readonly key: string;
  readonly kind: Kind<T>;
  /** One value, or one for each profile. */
  readonly default: T | ByProfile<T>;
  /** What the default is when it is worked out from the project; documentation. */
  readonly defaultNote?: string;
  readonly variable?: string;
  readonly flag?: Flag;
  /** Hidden wherever settings are shown: the whole value, or the passwords in a URL. */
  readonly secret?: "whole" | "url";
  /** Profiles in which `true` is refused, in every layer. */
  readonly neverIn?: readonly Environment[];
  /** What it means, in sentences. */
  readonly doc: string;
  /** As dazzle.toml spells it. */
  readonly example: string;
}

/** A default that depends on the profile. */
export interface ByProfile<T> {
  readonly profile: Readonly<Record<Environment, T>>;
}

export function isByProfile<T>(value: T | ByProfile<T>): value is ByProfile<T> {
  return typeof value === "object" && value !== null && "profile" in value;
}

export interface Flag {
  /** As typed; with a `--no-` form, the one that says true. */
  readonly name: string;
  readonly read: (flags: ConfigFlags) => string | boolean | undefined;
}

const byProfile = <T>(development: T, staging: T, production: T): ByProfile<T> => ({
  profile: { development, staging, production },
});

/** The largest `max_connections` that PostgreSQL takes (guc_tables.c, MAX_BACKENDS = 2^18 - 1). */
const MOST_CONNECTIONS = 2 ** 18 - 1;

/** Each worker costs the primary descriptors; 1024 is the usual soft limit of open files. */
const MOST_WORKERS = 1_024;

const port = wholeNumber(0, 65_535);
const connections = (min: number): Kind<number> => wholeNumber(min, MOST_CONNECTIONS);
const count = wholeNumber(0, 1_000_000);
const path = text("a path", checkPlain);
const url = optional(text("a URL such as postgresql://user@host:5432/name", checkDatabaseUrl));

const project = {
  /** Names the project: in the advisory lock, backups, the fleet and `application_name`. */
  name: option({
    key: "project.name",
    kind: text("a name", checkProjectName),
    default: "app",
    defaultNote: "the name in package.json, else of the folder",
    doc: "Names the project: in the advisory lock, the names of backups, the fleet and application_name. Supervisors of one application on several machines must agree on it.",
    example: '"tasks"',
  }),
  /** The pin: an npm range that the installed framework must satisfy before anything starts. */
  frameworkVersion: option({
    key: "project.framework_version",
    kind: optional(text("an npm version range", checkPlain)),
    default: null,
    doc: "The pin: an npm version range that the installed framework must satisfy before anything is touched; else exit 78 with both versions and the command that fixes it. `~0.38` allows the patches of 0.38. Python's `~=0.38.0` and `>=0.38,<0.40` are understood. Unset: no check.",
    example: '"~0.38"',
  }),
  /** The npm package that the pin is about. */
  framework: option({
    key: "project.framework",
    kind: text("an npm package name", checkPackageName),
    default: "dazzle-supervise",
    doc: "The npm package that the pin is about, as the application would load it.",
    example: '"dazzle-supervise"',
  }),
};

const app = {
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
    kind: numberOr(wholeNumber(1, MOST_WORKERS), "auto"),
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
    doc: "Reload when a file of the project changes.",
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

const database = {
  /** The application's database. */
  url: option({
    key: "database.url",
    kind: url,
    default: null,
    variable: "DATABASE_URL",
    secret: "url",
    doc: "The application's database. Special characters in user and password are percent-encoded. Unset: the embedded PostgreSQL where the profile has it, else exit 69. Passwords belong in the environment variable, not in a file that is committed.",
    example: '"postgresql://tasks@db.internal:5432/tasks"',
  }),
  /** Past a transaction pooler: for the lock and DDL. */
  directUrl: option({
    key: "database.direct_url",
    kind: url,
    default: null,
    defaultNote: "database.url",
    variable: "DATABASE_DIRECT_URL",
    secret: "url",
    doc: "The same database, reached without a transaction pooler: for the advisory lock and for DDL. Needs database.url.",
    example: '"postgresql://tasks@db.internal:5432/tasks"',
  }),
  /** The PostgreSQL schema of the application's tables. */
  namespace: option({
    key: "database.namespace",
    kind: text("the name of a PostgreSQL schema", checkNamespace),
    default: "public",
    doc: "The PostgreSQL schema that the application's tables live in.",
    example: '"public"',
  }),
  /** The desired state of the database, plain SQL. */
  schema: option<readonly string[]>({
    key: "database.schema",
    kind: list(path),
    default: ["schema.sql"],
    defaultNote: '["schema.sql"] where that file exists, else none',
    doc: "Files of plain SQL that state the desired schema, relative to the folder of dazzle.toml. Globs allowed.",
    example: '["schema.sql", "schema/*.sql"]',
  }),
  /** The folder of hand-written revisions. */
  revisions: option({
    key: "database.revisions",
    kind: path,
    default: "migrations",
    doc: "The folder of hand-written revisions, relative to the folder of dazzle.toml.",
    example: '"migrations"',
  }),
  /** Start the embedded PostgreSQL when no URL is set. */
  embedded: option({
    key: "database.embedded",
    kind: flag(),
    default: byProfile(true, false, false),
    neverIn: ["staging", "production"],
    doc: "Start an embedded PostgreSQL, with its data in `.dazzle/postgres`, when no URL is set. Cannot be turned on in staging and production: without a URL they exit 69.",
    example: "false",
  }),
};

const pool = {
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
    kind: duration(1),
    default: 60_000,
    doc: "A connection held longer than this is reported once as `pool.leak`, with the stack of its checkout.",
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

const migrate = {
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

const supervisor = {
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
    kind: duration(),
    default: 30_000,
    doc: 'A worker whose event loop is blocked for longer is replaced, and the log carries the stack. "0s": never.',
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
    doc: "How connections reach workers. `round-robin`: the primary hands each one over. `shared`: workers accept from one socket. `reuseport`: each worker has its own socket and the kernel spreads connections; Node.js 23.1 and later, on Linux. `auto` chooses.",
    example: '"auto"',
  }),
  /** Booted workers in reserve. */
  spare: option({
    key: "supervisor.spare",
    kind: wholeNumber(0, MOST_WORKERS),
    default: 0,
    doc: "Booted workers in reserve, which take the place of one that ends.",
    example: "1",
  }),
};

const control = {
  /** TCP port of health, metrics and the control page; 0 is the unix socket only. */
  port: option({
    key: "control.port",
    kind: port,
    default: 0,
    flag: { name: "--control-port", read: (flags) => flags.controlPort },
    doc: "TCP port for `/livez`, `/readyz`, `/metrics`, `/status` and, in development, the control page. 0: the unix socket only.",
    example: "9000",
  }),
  /** Where the control port listens. */
  host: option({
    key: "control.host",
    kind: mapped(text("a host name or an IP address", checkTcpHost), bareHost),
    default: "127.0.0.1",
    doc: "Where the control port listens. Anything but loopback shows health and metrics to the network.",
    example: '"0.0.0.0"',
  }),
  /** What commands over TCP must present. */
  token: option({
    key: "control.token",
    kind: optional(text("a secret text", checkPlain)),
    default: null,
    variable: "DAZZLE_CONTROL_TOKEN",
    secret: "whole",
    doc: "What commands over TCP must present as a bearer token. Unset: TCP takes no commands outside development.",
    example: '"…"',
  }),
  /** The control page of development. */
  dev: option({
    key: "control.dev",
    kind: flag(),
    default: byProfile(true, false, false),
    neverIn: ["production"],
    doc: "Serve the development control plane at `/dazzle/dev/`. Cannot be turned on in production.",
    example: "false",
  }),
};

const backup = {
  /** Where backups are written. */
  dir: option({
    key: "backup.dir",
    kind: path,
    default: ".",
    doc: "The folder that backups are written to and listed from, relative to the folder of dazzle.toml.",
    example: '"backups"',
  }),
  /** The folder of uploaded files that a backup includes. */
  uploads: option({
    key: "backup.uploads",
    kind: path,
    default: "uploads",
    doc: "The folder of uploaded files that a backup includes, where it exists.",
    example: '"uploads"',
  }),
  /** How many backups to keep after a create. */
  keep: option({
    key: "backup.keep",
    kind: count,
    default: 0,
    doc: "After a create, prune to the newest this many. 0: never prune.",
    example: "7",
  }),
};

/** Sections and keys in the order of the documentation. */
export const OPTIONS = { project, app, database, pool, migrate, supervisor, control, backup };

/** An option whose kind of value does not matter. */
export type AnyOption = Option<unknown>;

export const ALL_OPTIONS: readonly AnyOption[] = [
  ...Object.values(project),
  ...Object.values(app),
  ...Object.values(database),
  ...Object.values(pool),
  ...Object.values(migrate),
  ...Object.values(supervisor),
  ...Object.values(control),
  ...Object.values(backup),
];

/** What each section is about; the headings of the documentation. */
export const SECTIONS: Readonly<Record<keyof typeof OPTIONS, string>> = {
  project: "The project and its pin",
  app: "The application and its workers",
  database: "The database and its schema",
  pool: "Each worker's connection pool",
  migrate: "Schema changes at start",
  supervisor: "Supervision: restarts, drain, limits",
  control: "Health, metrics and commands over TCP",
  backup: "Backups",
};

function option<T>(definition: Option<T>): Option<T> {
  return definition;
}
