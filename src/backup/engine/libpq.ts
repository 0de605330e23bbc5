/** A connection URL as libpq's environment variables, so that no password stands in a command line. */
import { parseDatabaseUrl } from "../../postgres/url.js";

/** What pg's URL parameters are called in libpq's environment. */
const PARAMETERS: Readonly<Record<string, string>> = {
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  options: "PGOPTIONS",
};

/** The part behind `?`; pg's own short forms have none that matters here. */
function parametersOf(url: string): URLSearchParams {
  const at = url.indexOf("?");
  return new URLSearchParams(at === -1 ? "" : url.slice(at + 1));
}

/** @param inherited the process's own environment; the URL wins over it */
export function libpqEnvironment(url: string, inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const target = parseDatabaseUrl(url);
  const parameters = parametersOf(url);
  const environment: NodeJS.ProcessEnv = {
    ...inherited,
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGDATABASE: target.database,
    PGAPPNAME: "supervise/backup",
    PGCONNECT_TIMEOUT: "10",
    LC_ALL: "C",
  };
  delete environment["PGSERVICE"];
  delete environment["PGHOSTADDR"];
  if (target.password !== null) environment["PGPASSWORD"] = target.password;
  for (const [parameter, variable] of Object.entries(PARAMETERS)) {
    const value = parameters.get(parameter);
    // `no-verify` is pg's word for what libpq calls `require`.
    if (value !== null) environment[variable] = value === "no-verify" ? "require" : value;
  }
  return environment;
}
