/** The package that an application would load, and who installs packages there. */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { kindOf, readText } from "../config/files.js";

export interface Installed {
  /** Null when its manifest has none, as in some workspaces. */
  readonly version: string | null;
  /** The folder of the package, links followed. */
  readonly folder: string;
}

/**
 * What `import NAME` from a file in `folder` would load, by Node's rules: the application's own
 * package if it has that name and exports, else `node_modules/NAME` from there upward. Manifests
 * are read as files, so that `exports` that hide package.json don't matter. Null: not installed.
 */
export function findInstalled(name: string, folder: string): Installed | null {
  const parents = upward(realpathSync(folder));
  const scope = parents.map(readManifest).find((manifest) => manifest !== null);
  if (scope?.name === name && scope.hasExports) return scope;
  return (
    parents
      .map((parent) => readManifest(join(parent, "node_modules", name)))
      .find((manifest) => manifest !== null) ?? null
  );
}

function upward(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upward(parent)];
}

interface Manifest extends Installed {
  readonly name: string | null;
  readonly hasExports: boolean;
}

function readManifest(folder: string): Manifest | null {
  const manifest = readText(join(folder, "package.json"));
  if (manifest === null) return null;
  const fields = new Map<string, unknown>(Object.entries(parseObject(manifest)));
  const text = (key: string): string | null => {
    const value = fields.get(key);
    return typeof value === "string" ? value : null;
  };
  return {
    name: text("name"),
    version: text("version"),
    hasExports: fields.has("exports"),
    folder: realpathSync(folder),
  };
}

/** A broken manifest is an empty one here: the version that it lacks is then what is reported. */
function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
    return typeof value === "object" && value !== null ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
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
  for (const parent of upward(realpathSync(folder))) {
    for (const [file, command] of LOCKFILES) {
      if (kindOf(join(parent, file)) !== null) return command;
    }
  }
  return "npm install";
}
