/** The framework pin against what is installed: before a start touches anything. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Config } from "../config/config.js";
import { productVersion } from "../config/version.js";
import { SuperviseError } from "../errors.js";
import { parseConstraint, satisfies } from "./constraint.js";
import { findInstalled, findSelf, installCommand } from "./installed.js";

export interface VerifiedPin {
  /** The version that the application would load; null when there is no pin and none is installed. */
  readonly installed: string | null;
  /** The pin in npm's spelling; null when there is none. */
  readonly constraint: string | null;
  readonly package: string;
}

/** The package that this program belongs to. */
const OWN_PACKAGE = "dazzle-supervise";

/**
 * @throws SuperviseError PIN_INVALID (78) when the pin is not understood, PIN_MISMATCH (78) when
 * the installed version does not satisfy it or there is none.
 */
export function verifyPin(
  config: Pick<Config, "root" | "file" | "project" | "app">,
): Promise<VerifiedPin> {
  return Promise.resolve().then(() => verify(config));
}

function verify({ root, project, app }: Parameters<typeof verifyPin>[0]): VerifiedPin {
  const { framework, frameworkVersion } = project;
  const folder = app.entry === null ? root : dirname(resolve(root, app.entry));
  const from = existsSync(folder) ? folder : root;
  const installed = installedVersion(framework, from);
  if (frameworkVersion === null) return { installed, constraint: null, package: framework };

  const constraint = parseConstraint(frameworkVersion);
  const pin = `project.framework_version = ${JSON.stringify(frameworkVersion)}`;
  if (!constraint.ok) {
    throw new SuperviseError("PIN_INVALID", {
      what: `${pin} ${constraint.why}`,
      where: "dazzle.toml",
      remedy: constraint.remedy,
    });
  }
  const command = `${installCommand(from)} ${framework}@${quoted(constraint.range)}`;
  if (installed === null) {
    throw new SuperviseError("PIN_MISMATCH", {
      what: `${framework} is not installed, but ${pin}`,
      where: from,
      remedy: `run: ${command}`,
    });
  }
  if (!satisfies(installed, constraint.range)) {
    throw new SuperviseError("PIN_MISMATCH", {
      what: `installed ${framework} ${installed} does not satisfy ${pin}`,
      remedy: `run: ${command}`,
    });
  }
  return { installed, constraint: constraint.range, package: framework };
}

/** The application's own copy, else, for supervise itself, the program that runs. */
function installedVersion(name: string, folder: string): string | null {
  const found = findInstalled(name, folder) ?? findSelf(name, folder);
  if (found !== null || name !== OWN_PACKAGE) return found?.version ?? null;
  return productVersion();
}

/** Ranges hold characters that a shell would take for its own. */
const quoted = (range: string): string => `"${range}"`;
