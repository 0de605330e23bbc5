/** The settings of `[project]`: the name, and the framework pin. */
import { optional, text } from "../kinds.js";
import { checkPackageName, checkPlain, checkProjectName } from "../texts.js";
import { option } from "./option.js";

export const project = {
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
