/**
 * Connection URLs: what they point at, and how they are shown. `pg` itself does the parsing, so
 * that what is reported is where the application connects, `PGHOST` and its relatives included
 * wherever the URL leaves a part out.
 */
import pg from "pg";
import { SuperviseError } from "../errors.js";

/** Where a URL leads. */
export interface DatabaseTarget {
  /** A host name, an address, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Secret; null when neither the URL nor `PGPASSWORD` has one. */
  readonly password: string | null;
  /** True when `host` is the folder of a unix socket. */
  readonly socket: boolean;
}

const SCHEMES = /^(?:postgres(?:ql)?:\/\/|socket:|\/)/i;

/**
 * Reads `postgres://`, `postgresql://` (unix sockets as `postgresql:///db?host=/run/postgresql`
 * or `postgresql://%2Frun%2Fpostgresql/db`) and pg's own `socket:/run/postgresql?db=name`.
 *
 * @throws SuperviseError CONFIG_INVALID, naming the mistake but never the URL itself.
 */
export function parseDatabaseUrl(url: string): DatabaseTarget {
  if (!SCHEMES.test(url)) throw invalid(strangeScheme(url));
  const client = tryClient(url);
  const { host, port, user, database } = client;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid("its port is no port");
  if (user === undefined || user === "") throw invalid("it names no user");
  return {
    host,
    port,
    user,
    database: database ?? user,
    password: client.password ?? null,
    socket: host.startsWith("/"),
  };
}

/** `db.example:5432/tasks as app`, or `/run/postgresql:5432/tasks as app`: how messages name a database. */
export function describeTarget(target: DatabaseTarget): string {
  const bare = target.socket || !target.host.includes(":");
  const host = bare ? target.host : `[${target.host}]`;
  return `${host}:${target.port}/${target.database} as ${target.user}`;
}

/** The URL with its secrets as `***`, also when it is no valid URL. */
export function maskUrl(url: string): string {
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/?#]*):.*@/i, "$1:***@")
    .replace(/([?&](?:[a-z]*password|sslkey)=)[^&]*/gi, "$1***");
}

/**
 * The URL as `pg` is to be given it. To pg 8 `prefer`, `require` and `verify-ca` mean `verify-full`, which it
 * says on stderr in eight lines; spelled out it means the same and says nothing.
 */
export const connectionString = (url: string): string =>
  /[?&]uselibpqcompat=true/.test(url)
    ? url
    : url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, "$1verify-full");

function tryClient(url: string): pg.Client {
  try {
    return new pg.Client({ connectionString: connectionString(url) });
  } catch (error) {
    throw invalid(explain(error));
  }
}

// The error of a URL parser carries its input, password and all: it is retold, never passed on.
function explain(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_INVALID_URL" || error instanceof URIError) {
    return "it cannot be parsed; percent-encode special characters in user and password (# is %23, / is %2F, @ is %40, % is %25)";
  }
  if (code === "ENOENT" || code === "EACCES") return "a certificate file it names cannot be read";
  return error instanceof Error ? error.message : "it cannot be parsed";
}

function strangeScheme(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1];
  return scheme === undefined ? "it has no postgresql:// in front" : `it begins with ${scheme}:`;
}

function invalid(why: string): SuperviseError {
  return new SuperviseError("CONFIG_INVALID", {
    what: `the database URL is not usable: ${why}`,
    where: "DATABASE_URL or [database] url",
    remedy: "write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
  });
}
