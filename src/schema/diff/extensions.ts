/** Extensions that the files ask for. Those that they do not mention are left alone. */
import { key, type Change } from "../changes.js";
import type { Model } from "../model.js";
import { id, literal } from "../names.js";
import { commentChange } from "./comments.js";
import { byName } from "./scope.js";
import { alteration } from "./alteration.js";

export function diffExtensions(live: Model, desired: Model): Change[] {
  const installed = byName(live.extensions);
  return desired.extensions.flatMap((extension): Change[] => {
    const present = installed.get(extension.name);
    const changes: Change[] = [];
    if (present === undefined) changes.push({ kind: "create_extension", extension });
    else if (extension.version !== null && extension.version !== present.version) {
      changes.push(
        alteration({
          operation: "unsupported",
          table: null,
          object: extension.name,
          reason: `version ${present.version ?? "?"} is installed, ${extension.version} is asked for; an update runs the extension's own scripts`,
          up: [`ALTER EXTENSION ${id(extension.name)} UPDATE TO ${literal(extension.version)}`],
          down: null,
          note: `the server refuses it where the extension has no path from ${present.version ?? "?"} to ${extension.version} (pg_extension_update_paths): a person has to look first`,
        }),
      );
    }
    if (extension.comment !== null) {
      const comment = commentChange(present, extension, {
        table: null,
        object: extension.name,
        target: `EXTENSION ${id(extension.name)}`,
        needs: [key.extension(extension.name)],
      });
      if (comment !== null) changes.push(comment);
    }
    return changes;
  });
}
