/** Looks for PostgreSQL's own programs on PATH and where the usual packages put them. */
import { execFile } from "node:child_process";
import { access, constants, readdir, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { codeOf } from "../node-error.js";

const run = promisify(execFile);

export interface PgDump {
  readonly path: string;
  /** `15.18` */
  readonly version: string;
  readonly major: number;
}

/** Where systems install it, the part with the version as `*`. */
const FOLDERS = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/usr/libexec/postgresql*",
  "/usr/local/pgsql/bin",
  "/usr/local/bin",
  "/usr/bin",
  "/opt/homebrew/opt/postgresql*/bin",
  "/opt/homebrew/opt/libpq/bin",
  "/usr/local/opt/postgresql*/bin",
  "/usr/local/opt/libpq/bin",
  "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
  "/opt/local/lib/postgresql*/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/** The folders that a pattern with at most one `*` stands for. */
async function expand(pattern: string): Promise<string[]> {
  const star = pattern.indexOf("*");
  if (star === -1) return [pattern];
  const parent = pattern.slice(0, pattern.lastIndexOf("/", star));
  const prefix = pattern.slice(parent.length + 1, star);
  const rest = pattern.slice(star + 1);
  try {
    const names = await readdir(parent);
    return names.filter((name) => name.startsWith(prefix)).map((name) => join(parent, name + rest));
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return [];
  }
}

async function candidateFolders(path: string): Promise<string[]> {
  const onPath = path.split(delimiter).filter((part) => part !== "");
  return [...onPath, ...(await Promise.all(FOLDERS.map(expand))).flat()];
}

async function versionOf(path: string): Promise<PgDump | null> {
  try {
    const { stdout } = await run(path, ["--version"], { timeout: 10_000 });
    const version = /\b(\d+)(?:\.\d+)?(?:beta\d+|rc\d+|devel)?\b/.exec(stdout);
    if (version === null) return null;
    return { path, version: version[0], major: Number(version[1]) };
  } catch (error) {
    // A wrapper without a server behind it, a binary of another machine: not usable.
    if (error instanceof Error) return null;
    throw error;
  }
}

async function resolved(path: string): Promise<string | null> {
  try {
    await access(path, constants.X_OK);
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}

/** Every pg_dump, newest first. */
export async function findPgDumps(path: string): Promise<PgDump[]> {
  const folders = [...new Set(await candidateFolders(path))];
  const programs = await Promise.all(folders.map((folder) => resolved(join(folder, "pg_dump"))));
  const distinct = [...new Set(programs.filter((program) => program !== null))];
  const found = await Promise.all(distinct.map(versionOf));
  return found
    .filter((program) => program !== null)
    .sort(
      (a, b) =>
        b.major - a.major ||
        b.version.localeCompare(a.version, "en", { numeric: true }) ||
        dirname(a.path).localeCompare(dirname(b.path), "en"),
    );
}
