/** Checks dazzle.toml and the layers above it, for this environment and for the other two. */
import { inspectConfig, type ConfigInput, type Inspection } from "../../config/load.js";
import { ENVIRONMENTS } from "../../config/profile.js";
import type { Problem } from "../../config/problem.js";
import { toError } from "../../config/problem.js";
import { asWarning, failed, passed, type Finding } from "./finding.js";

const asFinding = (problem: Problem): Finding => failed("configuration", toError([problem]));

export async function checkConfiguration(
  input: ConfigInput,
): Promise<{ findings: Finding[]; inspection: Inspection }> {
  const inspection = await inspectConfig(input);
  const { resolved, problems } = inspection;
  const findings = problems.map(asFinding);
  if (resolved !== null && problems.length === 0) {
    const { file, env, root } = resolved.config;
    findings.push(passed("configuration", `${file ?? `no dazzle.toml in ${root}`}, ${env}`));
    findings.push(...(await otherEnvironments(input, resolved.config.env)));
  }
  return { findings, inspection };
}

/**
 * What would be wrong in another environment by dazzle.toml alone. A warning: what that
 * environment's own variables will be is not known here.
 */
async function otherEnvironments(input: ConfigInput, current: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const env of ENVIRONMENTS.filter((name) => name !== current)) {
    const { problems } = await inspectConfig({
      cwd: input.cwd,
      env: {},
      flags: { config: input.flags.config, env },
    });
    for (const problem of problems) {
      findings.push(asWarning(asFinding(problem), `in ${env}: ${problem.what}`));
    }
  }
  return findings;
}
