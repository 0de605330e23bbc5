/** The settings of `[backup]`. */
import { option } from "./option.js";
import { count, path } from "./shared.js";

export const backup = {
  /** Where backups are written. */
  dir: option({
    key: "backup.dir",
    kind: path,
    default: ".",
    variable: "DAZZLE_BACKUP_DIR",
    doc: "The folder that backups are written to and listed from, relative to the folder of dazzle.toml.",
    example: '"backups"',
  }),
  /** The folder of uploaded files that a backup includes. */
  uploads: option({
    key: "backup.uploads",
    kind: path,
    default: "uploads",
    doc: "The folder of uploaded files that a backup includes, where it exists.",
    example: '"uploads"',
  }),
  /** How many backups to keep after a create. */
  keep: option({
    key: "backup.keep",
    kind: count,
    default: 0,
    doc: "After a create, prune to the newest this many. 0: never prune.",
    example: "7",
  }),
};
