/** What the environment of a worker holds beyond the primary's own. */
import type { Config } from "../config/config.js";
import { parseDatabaseUrl } from "../postgres/url.js";

/** What whoever has it can do with the supervisor is no worker's business. */
const CONTROL_TOKEN = "DAZZLE_CONTROL_TOKEN";

/** From the start of the process; nothing here is secret. What is undefined is not handed on. */
export function workerEnvironment(
  config: Config,
  slot: number,
  generation: number,
): Record<string, string | undefined> {
  const nodeEnv = config.env !== "development" && (process.env["NODE_ENV"] ?? "") === "";
  return {
    DAZZLE_ENV: config.env,
    HOST: config.app.host,
    PORT: String(config.app.port),
    WEB_CONCURRENCY: String(config.app.workers),
    DAZZLE_DB_POOL_MIN: String(config.pool.min),
    DAZZLE_DB_POOL_MAX: String(config.pool.max),
    DAZZLE_WORKER_ID: String(slot),
    DAZZLE_GENERATION: String(generation),
    [CONTROL_TOKEN]: undefined,
    ...(nodeEnv ? { NODE_ENV: "production" } : {}),
  };
}

/** Handed over once the process runs, so that no process list ever shows it. */
export function secretEnvironment(
  config: Config,
  dotenv: Readonly<Record<string, string>>,
): Record<string, string> {
  const { url } = config.database;
  const theirs = Object.entries(dotenv).filter(([name]) => name !== CONTROL_TOKEN);
  return { ...Object.fromEntries(theirs), ...(url === null ? {} : { DATABASE_URL: url }) };
}

/** What libpq and pg read where a program gives them no server. */
const SERVER_VARIABLES = /^PG(HOST|HOSTADDR|PORT|USER|PASSWORD|DATABASE|SERVICE)$/;

/**
 * For the development server of our own: an unchanged application whose pool is `new Pool()` finds it
 * too. Nothing where somebody has named a server of theirs by any of these variables.
 */
export function serverEnvironment(
  url: string,
  given: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  if (Object.keys(given).some((name) => SERVER_VARIABLES.test(name))) return {};
  const { host, port, user, password, database } = parseDatabaseUrl(url);
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    ...(password === null ? {} : { PGPASSWORD: password }),
  };
}
