/** The framework pin against what is installed: before a start touches anything. */
import { realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Config } from "../config/config.js";
import { isFile } from "../config/files.js";
import type { Setting } from "../config/load.js";
import { describeOrigin } from "../config/origin.js";
import { productVersion } from "../config/version.js";
import { SuperviseError } from "../errors.js";
import { parseConstraint, satisfies } from "./constraint.js";
import { findInstalled, installCommand } from "./installed.js";

export interface VerifiedPin {
  /** The version that the application would load; null when it has none and nothing pins one. */
  readonly installed: string | null;
  /** The pin in npm's spelling; null when there is none. */
  readonly constraint: string | null;
  readonly package: string;
}

/** The package that this program belongs to. */
const OWN_PACKAGE = "dazzle-supervise";
const PIN = "project.framework_version";

/**
 * `settings` let an error name the line of the pin.
 * @throws SuperviseError PIN_INVALID (78) when the pin is not understood, PIN_MISMATCH (78) when
 * the installed version does not satisfy it or there is none. Both versions and the command that
 * installs a right one are in the message.
 */
export function verifyPin(
  config: Pick<Config, "root" | "project" | "app">,
  settings: readonly Setting[] = [],
): Promise<VerifiedPin> {
  return Promise.resolve().then(() => verify(config, placeOfPin(settings)));
}

function verify(
  { root, project, app }: Pick<Config, "root" | "project" | "app">,
  where: string,
): VerifiedPin {
  const { framework, frameworkVersion } = project;
  const folder = folderOf(root, app.entry);
  const found = findInstalled(framework, folder);
  // The program provides itself to an application that has no copy of its own.
  const installed =
    found === null && framework === OWN_PACKAGE ? productVersion() : (found?.version ?? null);
  if (frameworkVersion === null) return { installed, constraint: null, package: framework };

  const pin = `${PIN} = ${JSON.stringify(frameworkVersion)}`;
  const constraint = parseConstraint(frameworkVersion);
  if (!constraint.ok) {
    const { why, remedy } = constraint;
    throw new SuperviseError("PIN_INVALID", { what: `${pin} ${why}`, where, remedy });
  }
  if (installed === null || !satisfies(installed, constraint.range)) {
    throw new SuperviseError("PIN_MISMATCH", {
      what: `${describeInstalled(framework, found, installed)} does not satisfy ${pin}`,
      where,
      // The quotes keep a shell from reading the range's characters as its own.
      remedy: `run ${installCommand(folder)} ${framework}@"${constraint.range}", or change the pin`,
    });
  }
  return { installed, constraint: constraint.range, package: framework };
}

function describeInstalled(
  name: string,
  found: { folder: string } | null,
  version: string | null,
): string {
  if (version !== null) return `installed ${name} ${version}`;
  return found === null
    ? `${name}, which is not installed,`
    : `${name} in ${found.folder}, whose package.json has no version,`;
}

/** Where the application's imports begin: the folder of its entry, links followed. */
function folderOf(root: string, entry: string | null): string {
  const file = entry === null ? root : resolve(root, entry);
  if (isFile(file)) return dirname(realpathSync(file));
  return root;
}

function placeOfPin(settings: readonly Setting[]): string {
  const origin = settings.find(({ key }) => key === PIN)?.origin;
  return origin === undefined ? "dazzle.toml [project]" : describeOrigin(origin);
}
