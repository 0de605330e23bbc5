/** The version of a package as the application would load it, and who installs packages there. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export interface Installed {
  readonly version: string;
  /** The folder of the package, links followed. */
  readonly folder: string;
}

/**
 * Looks for `node_modules/NAME` from `folder` upward, as Node does, and reads its manifest as a
 * file: that works also where the package's `exports` hide package.json, and for linked packages.
 * Null when it is not installed there.
 */
export function findInstalled(name: string, folder: string): Installed | null {
  for (const parent of upward(folder)) {
    // Node does not look for node_modules/node_modules.
    const found = readVersion(join(parent, "node_modules", name), name);
    if (found !== null) return found;
  }
  return null;
}

/** The package that `folder` itself belongs to, when it has that name: an application may be it. */
export function findSelf(name: string, folder: string): Installed | null {
  for (const parent of upward(folder)) {
    if (statSync(join(parent, "package.json"), { throwIfNoEntry: false }) === undefined) continue;
    const found = readVersion(parent, name);
    if (found !== null) return found;
  }
  return null;
}

function* upward(folder: string): Generator<string> {
  let current = realpath(folder);
  for (;;) {
    yield current;
    const parent = dirname(current);
    if (parent === current) return;
    current = parent;
  }
}

function realpath(folder: string): string {
  return statSync(folder, { throwIfNoEntry: false }) === undefined
    ? resolve(folder)
    : realpathSync(folder);
}

function readVersion(folder: string, name: string): Installed | null {
  const file = join(folder, "package.json");
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return null;
  const manifest = parseManifest(readFileSync(file, "utf8"));
  // An aliased install ("alias": "npm:other@1") has another name inside; its folder decides.
  if (manifest.version === null || !(folder.endsWith(name) || manifest.name === name)) return null;
  return { version: manifest.version, folder: realpathSync(folder) };
}

function parseManifest(text: string): { name: string | null; version: string | null } {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    if (error instanceof SyntaxError) return { name: null, version: null };
    throw error;
  }
  const fields = new Map(
    typeof manifest === "object" && manifest !== null ? Object.entries(manifest) : [],
  );
  const text_ = (key: string): string | null => {
    const value: unknown = fields.get(key);
    return typeof value === "string" ? value : null;
  };
  return { name: text_("name"), version: text_("version") };
}

const LOCKFILES = [
  ["pnpm-lock.yaml", "pnpm add"],
  ["yarn.lock", "yarn add"],
  ["bun.lock", "bun add"],
  ["bun.lockb", "bun add"],
  ["package-lock.json", "npm install"],
] as const;

/** The install command of the package manager whose lockfile is nearest above `folder`. */
export function installCommand(folder: string): string {
  for (const parent of upward(folder)) {
    for (const [file, command] of LOCKFILES) {
      if (statSync(join(parent, file), { throwIfNoEntry: false }) !== undefined) return command;
    }
  }
  return "npm install";
}
