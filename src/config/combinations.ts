/** Settings that are right each by itself and impossible together. Pure. */
import type { Config } from "./config.js";
import { neverIn } from "./check-document.js";
import { ALL_OPTIONS } from "./options.js";
import { describeOrigin } from "./origin.js";
import type { Problem } from "./problem.js";
import type { Setting } from "./setting.js";

export function checkCombinations(
  config: Config,
  settings: readonly Setting[],
  found: readonly Problem[],
  nodeVersion: string,
): Problem[] {
  const setting = (key: string): Setting | undefined =>
    settings.find((candidate) => candidate.key === key);
  /** `pool.min = 5 (profile production)` */
  const say = (key: string): string => {
    const { value, origin } = setting(key) ?? {};
    return `${key} = ${JSON.stringify(value)} (${origin === undefined ? "" : describeOrigin(origin)})`;
  };
  const problems: Problem[] = [];
  const broken = new Set(found.map((problem) => problem.key));
  /** Reports what holds, unless one of the settings it is about is wrong by itself. */
  const check = (holds: boolean, keys: readonly string[], what: () => string, remedy: string) => {
    if (!holds || keys.some((key) => broken.has(key))) return;
    problems.push({ code: "CONFIG_INVALID", what: what(), remedy });
  };

  for (const option of ALL_OPTIONS) {
    const { value, origin } = setting(option.key) ?? {};
    const refused = value === true && option.neverIn?.includes(config.env) === true;
    if (!refused || origin === undefined || broken.has(option.key)) continue;
    problems.push({
      code: origin.layer === "flag" ? "USAGE" : "CONFIG_INVALID",
      where: describeOrigin(origin),
      ...neverIn(option, config.env),
    });
  }
  check(
    config.pool.min > config.pool.max,
    ["pool.min", "pool.max"],
    () => `${say("pool.min")} is greater than ${say("pool.max")}`,
    "lower pool.min or raise pool.max",
  );
  check(
    config.database.directUrl !== null && config.database.url === null,
    ["database.direct_url", "database.url"],
    () => `${say("database.direct_url")} is set without database.url`,
    "set DATABASE_URL as well; direct_url is the same database past a pooler",
  );
  check(
    config.control.port !== 0 && config.control.port === config.app.port && share(config),
    ["control.port", "control.host", "app.port", "app.host"],
    () => `${say("control.port")} is the same as ${say("app.port")}`,
    "give the control port another number",
  );
  check(
    isUnix(config) && config.supervisor.distribution === "reuseport",
    ["app.host", "supervisor.distribution"],
    () => `${say("supervisor.distribution")} needs a TCP port, but ${say("app.host")}`,
    'use distribution = "auto"',
  );
  check(
    !isUnix(config) && config.supervisor.distribution === "reuseport" && !hasReusePort(nodeVersion),
    ["supervisor.distribution"],
    () => `${say("supervisor.distribution")} needs Node 23.1 or later, this is ${nodeVersion}`,
    'use distribution = "auto", or a newer Node',
  );
  return problems;
}

/** Whether that Node can open several sockets on one port. */
export function hasReusePort(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 1);
}

const isUnix = (config: Config): boolean => config.app.host.startsWith("unix:");

/** Whether application and control would listen on a common address. */
function share({ app, control }: Config): boolean {
  const [one, other] = [app.host, control.host];
  if (one.startsWith("unix:")) return false;
  const all = (host: string): boolean => ["0.0.0.0", "::"].includes(host);
  const loopback = (host: string): boolean => /^(?:127\..*|::1|localhost)$/.test(host);
  return one === other || all(one) || all(other) || (loopback(one) && loopback(other));
}
