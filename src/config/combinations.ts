/** Settings that are right each by itself and impossible together. Pure. */
import type { Config } from "./config.js";
import { neverIn } from "./check-document.js";
import { ALL_OPTIONS } from "./options.js";
import { describeOrigin } from "./origin.js";
import type { Problem } from "./problem.js";
import type { Setting } from "./resolve.js";

export function checkCombinations(
  config: Config,
  settings: readonly Setting[],
  found: readonly Problem[],
): Problem[] {
  const setting = (key: string): Setting | undefined =>
    settings.find((candidate) => candidate.key === key);
  /** `pool.min = 5 (profile production)` */
  const say = (key: string): string => {
    const { value, origin } = setting(key) ?? {};
    return `${key} = ${JSON.stringify(value)} (${origin === undefined ? "" : describeOrigin(origin)})`;
  };
  const problems: Problem[] = [];
  const report = (what: string, remedy: string): void => {
    problems.push({ code: "CONFIG_INVALID", what, remedy });
  };

  for (const option of ALL_OPTIONS) {
    const { value, origin } = setting(option.key) ?? {};
    if (value !== true || option.neverIn?.includes(config.env) !== true) continue;
    if (origin === undefined) continue;
    const { what, remedy } = neverIn(option, config.env);
    const where = describeOrigin(origin);
    // The section of this environment itself has been reported with the file.
    if (found.some((problem) => problem.what === what)) continue;
    problems.push({ code: "CONFIG_INVALID", what, where, remedy });
  }
  if (config.pool.min > config.pool.max) {
    report(
      `${say("pool.min")} is greater than ${say("pool.max")}`,
      "lower pool.min or raise pool.max",
    );
  }
  if (config.database.directUrl !== null && config.database.url === null) {
    report(
      `${say("database.direct_url")} is set without database.url`,
      "set DATABASE_URL as well; direct_url is the same database past a pooler",
    );
  }
  if (config.control.port !== 0 && config.control.port === config.app.port && !isUnix(config)) {
    report(
      `${say("control.port")} is the same as ${say("app.port")}`,
      "give the control port another number",
    );
  }
  if (isUnix(config) && config.supervisor.distribution === "reuseport") {
    report(
      `${say("supervisor.distribution")} needs a TCP port, but ${say("app.host")}`,
      'use distribution = "auto"',
    );
  }
  return problems;
}

const isUnix = (config: Config): boolean => config.app.host.startsWith("unix:");
