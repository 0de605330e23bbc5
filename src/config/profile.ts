/** Which environment applies, and so which profile. Its values stand with each option. */
import type { Environment } from "./config.js";
import { nearest } from "./suggest.js";
import { describeValue } from "./kinds.js";
import type { ConfigFlags } from "./flags.js";
import type { Origin } from "./origin.js";
import type { Problem } from "./problem.js";

export const ENVIRONMENTS: readonly Environment[] = ["development", "staging", "production"];

export interface Profile {
  readonly env: Environment;
  readonly origin: Origin;
}

const LIST = ENVIRONMENTS.map((name) => `"${name}"`).join(" or ");

/** The environment: `--env`, else `--local` (development), else `DAZZLE_ENV`, else development. */
export function selectProfile(
  flags: Pick<ConfigFlags, "env" | "local">,
  variable: string | undefined,
): { profile: Profile; problems: Problem[] } {
  const problems: Problem[] = [];
  const named = (written: string | undefined, where: "flag" | "variable"): Environment | null => {
    const found = ENVIRONMENTS.find((name) => name === written);
    if (written === undefined || found !== undefined) return found ?? null;
    problems.push(wrongName(written, where));
    return null;
  };
  const byFlag = named(flags.env, "flag");
  const byVariable = named(variable, "variable");
  if (flags.local === true) {
    const source = byFlag === null ? `DAZZLE_ENV=${byVariable ?? ""}` : `--env ${byFlag}`;
    const other = byFlag ?? byVariable ?? "development";
    if (other !== "development") {
      problems.push({
        code: "USAGE",
        what: `--local means development and cannot be combined with ${source}`,
        where: "command line",
        remedy: `leave out --local, or ${byFlag === null ? "unset DAZZLE_ENV" : "leave out --env"}`,
      });
    }
    return {
      profile: { env: "development", origin: { layer: "flag", flag: "--local" } },
      problems,
    };
  }
  const origin: Origin =
    byFlag !== null
      ? { layer: "flag", flag: "--env" }
      : byVariable !== null
        ? { layer: "variable", variable: "DAZZLE_ENV" }
        : { layer: "default", from: null };
  return { profile: { env: byFlag ?? byVariable ?? "development", origin }, problems };
}

function wrongName(written: string, where: "flag" | "variable"): Problem {
  const near = nearest(written, ENVIRONMENTS);
  const byFlag = where === "flag";
  return {
    code: byFlag ? "USAGE" : "CONFIG_INVALID",
    what: `${byFlag ? "--env" : "DAZZLE_ENV"} must be ${LIST}, not ${describeValue(written)}`,
    where: byFlag ? "command line" : "environment variable",
    remedy: near === null ? `use one of the three` : `did you mean "${near}"?`,
  };
}
