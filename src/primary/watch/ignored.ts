/**
 * What a change in is no reason to reload: what git ignores, and what programs write beside their
 * source. Git's rules are read as git reads them: every .gitignore from the repository's top down,
 * .git/info/exclude and the user's own file.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";
import type { Config } from "../../config/config.js";

/** Never source: dependencies, repositories, our own state, editors' droppings, logs, databases. */
const NEVER =
  /^(node_modules|\.git|\.hg|\.svn|\.dazzle|\.idea|\.vscode|\.DS_Store|coverage|4913|.*~|\.#.*|#.*#|.*\.(sw[a-p]|tmp|log|pid|sock|sqlite3?|db|db-(wal|shm|journal)))$/;
/** Backups, unfinished ones, and folders in which a restore unpacks uploads. */
const ARCHIVE = /^(backup-.*\.tar\.gz(\.partial)?|\..+\.partial|\..+\.restore-[0-9a-f]{8}-.+)$/;

export interface IgnoreInput {
  readonly config: Config;
  /** The application's file, absolute: its folder counts even where git ignores it (`dist/`). */
  readonly entry: string;
}

/** Says of an absolute path whether changes in it are to be passed over. */
export function ignoreRules({ config, entry }: IgnoreInput): (path: string) => boolean {
  const { root } = config;
  const top = repositoryOf(root) ?? root;
  const everywhere = ignore().add([read(join(top, ".git/info/exclude")), read(userFile())]);
  const folders = new Map<string, Ignore | null>();
  const uploads = join(root, config.backup.uploads);

  const rulesIn = (folder: string): Ignore | null => {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const text = read(join(folder, ".gitignore"));
    const rules = text === "" ? null : ignore().add(text);
    folders.set(folder, rules);
    return rules;
  };

  /** The innermost .gitignore that says anything about the path decides. */
  const byGit = (path: string): boolean => {
    for (let folder = dirname(path); isInside(top, folder); folder = dirname(folder)) {
      const verdict = rulesIn(folder)?.test(named(folder, path));
      if (verdict?.ignored === true) return true;
      if (verdict?.unignored === true) return false;
      if (folder === top) break;
    }
    return path !== top && isInside(top, path) && everywhere.ignores(named(top, path));
  };

  // An application that is built into an ignored folder is watched where it is built.
  const builtEntry = byGit(entry) && dirname(entry) !== root ? dirname(entry) : null;
  return (path) => {
    if (path === root) return false;
    const name = basename(path);
    if (NEVER.test(name) || ARCHIVE.test(name) || path === uploads) return true;
    if (path === join(root, ".env") || path === config.file) return false;
    if (entry === path || entry.startsWith(path + sep)) return false;
    return builtEntry !== null && isInside(builtEntry, path) ? false : byGit(path);
  };
}

/** A trailing slash tells `ignore` that it is a folder: rules such as `build/` are about folders. */
function named(folder: string, path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return relative(folder, path).split(sep).join("/") + (isFolder ? "/" : "");
}

const isInside = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder + sep);

function repositoryOf(folder: string): string | null {
  if (existsSync(join(folder, ".git"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? null : repositoryOf(parent);
}

/** Git's default place of the user's own rules. */
const userFile = (): string =>
  join(process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "git/ignore");

/**
 * Empty where there is no such file, or none that this user may read. In a worktree or a submodule
 * `.git` is a file, so that its path can't even be looked up.
 */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}
