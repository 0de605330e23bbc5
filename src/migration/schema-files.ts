/** The schema files of the configuration, as they lie on the disk. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Config } from "../config/config.js";
import { SuperviseError } from "../errors.js";
import { globToRegExp, isPattern } from "../util/glob.js";
import type { SchemaFile } from "../schema/source.js";

/** Null when the project has no schema files: then there is nothing to plan. */
export function readSchemaFiles(config: Config): SchemaFile[] | null {
  const { schema } = config.database;
  if (schema.length === 0) return null;
  const names = schema.flatMap((entry) =>
    isPattern(entry) ? matching(config.root, entry) : entry,
  );
  return [...new Set(names)].map((name) => ({ name, text: read(config.root, name) }));
}

function matching(root: string, pattern: string): string[] {
  const expression = globToRegExp(pattern.replace(/^\.\//, ""));
  const base = pattern.slice(0, pattern.search(/[*?]/)).replace(/[^/]*$/, "");
  const names = list(resolve(root, base))
    .map((name) => base.replace(/^\.\//, "") + name)
    .filter((name) => expression.test(name))
    .sort();
  if (names.length > 0) return names;
  throw new SuperviseError("INPUT_NOT_FOUND", {
    what: `no schema file matches ${pattern}`,
    where: "[database] schema",
    remedy: "create one, or correct the pattern; it is relative to dazzle.toml",
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
      .map((name) => name.replaceAll("\\", "/"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function read(root: string, name: string): string {
  try {
    return readFileSync(resolve(root, name), "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new SuperviseError("INPUT_NOT_FOUND", {
      what: `cannot read the schema file ${name}`,
      where: "[database] schema",
      remedy: "create it, or correct the setting; it is relative to dazzle.toml",
      cause: error,
    });
  }
}

/** One hash over names and contents. */
export function hashFiles(files: readonly SchemaFile[]): string {
  const hash = createHash("sha256");
  for (const { name, text } of files) hash.update(`${name}\0${text}\0`);
  return hash.digest("hex");
}
