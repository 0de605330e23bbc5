/**
 * Which server programs to use: an installed PostgreSQL (in the PATH, else the newest in the
 * places where systems put it), else the npm package. A data folder that exists decides the major
 * version. What is found counts only if the server's user can run it.
 */
import { access, constants, readdir, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { SuperviseError } from "../../errors.js";
import { packagedBin } from "./packaged.js";
import type { Place } from "./place.js";
import { look, run } from "./run.js";

export interface Binaries {
  /** The folder with `postgres` and `initdb`. */
  readonly bin: string;
  /** `15.18` */
  readonly version: string;
  readonly major: number;
}

export type BinarySource = "installed" | "package";

/** Source: the contract's versions. */
const OLDEST = 13;
const NEWEST = 18;

/** Where systems install it, the part with the version as `*`. */
const FOLDERS = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/usr/libexec/postgresql*",
  "/usr/local/pgsql/bin",
  "/opt/homebrew/opt/postgresql*/bin",
  "/usr/local/opt/postgresql*/bin",
  "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
  "/opt/local/lib/postgresql*/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/**
 * @param major the version that the data folder was made by; null = any.
 * @throws SuperviseError EMBEDDED_UNAVAILABLE, naming what was found and why it does not do.
 */
export async function chooseBinaries(
  place: Place,
  major: number | null,
  sources: readonly BinarySource[],
): Promise<Binaries> {
  const seen: string[] = [];
  const suits = async (bin: string): Promise<Binaries | null> => {
    const found = await inspect(bin, place);
    if (typeof found === "string") seen.push(`${bin}: ${found}`);
    else if (major !== null && found.major !== major) seen.push(`${bin}: version ${found.version}`);
    else if (found.major < OLDEST || found.major > NEWEST) seen.push(`${bin}: ${found.version}`);
    else return found;
    return null;
  };
  if (sources.includes("installed")) {
    for (const bin of await installed()) {
      const found = await suits(bin);
      if (found !== null) return found;
    }
  }
  const packaged = sources.includes("package") ? await packagedBin(place) : null;
  const found = packaged === null ? null : await suits(packaged);
  if (found !== null) return found;
  throw major === null ? none(seen) : noneOf(major, place.data, seen);
}

async function inspect(bin: string, place: Place): Promise<Binaries | string> {
  const { ok, output } = await run(join(bin, "postgres"), ["--version"], place.account);
  const version = /\(PostgreSQL\) (\d+(?:\.\d+|[a-z]+\d*)*)/.exec(output)?.[1];
  if (!ok || version === undefined) return output.trim().split("\n")[0] ?? "does not run";
  return { bin, version, major: Number.parseInt(version, 10) };
}

/** Folders that hold both programs: those of the PATH first, then by version, newest first. */
async function installed(): Promise<string[]> {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const known = (await Promise.all(FOLDERS.map(expand))).flat();
  known.sort((a, b) => guess(b) - guess(a));
  const found = new Set<string>();
  for (const folder of [...path, ...known]) {
    const postgres = await look(() => realpath(join(folder, "postgres")));
    if (postgres === null) continue;
    const bin = dirname(postgres);
    const initdb = join(bin, "initdb");
    if ((await look(() => access(initdb, constants.X_OK).then(() => true))) === true)
      found.add(bin);
  }
  return [...found];
}

async function expand(pattern: string): Promise<string[]> {
  const [before, after] = pattern.split("*");
  if (before === undefined || after === undefined) return [pattern];
  const parent = before.endsWith("/") ? before : dirname(before);
  const prefix = before.slice(parent.length).replace("/", "");
  const names = (await look(() => readdir(parent))) ?? [];
  return names.filter((name) => name.startsWith(prefix)).map((name) => join(parent, name + after));
}

function guess(bin: string): number {
  return Number(/(\d+)(?:\.\d+)?(?:\/bin)?$/.exec(bin)?.[1] ?? 0);
}

function none(seen: readonly string[]): SuperviseError {
  return new SuperviseError("EMBEDDED_UNAVAILABLE", {
    what: "there is no PostgreSQL server program for the development database",
    ...(seen.length > 0 && { where: seen.join("; ") }),
    remedy: `install PostgreSQL ${OLDEST} to ${NEWEST}, or run npm install with optional dependencies, or set DATABASE_URL`,
  });
}

function noneOf(major: number, data: string, seen: readonly string[]): SuperviseError {
  return new SuperviseError("EMBEDDED_UNAVAILABLE", {
    what: `the development data was made by PostgreSQL ${major}, and no server of that version is here${
      seen.length > 0 ? ` (found ${seen.join("; ")})` : ""
    }`,
    where: data,
    remedy: `install PostgreSQL ${major}, or set DATABASE_URL, or remove that folder to start with empty data`,
  });
}
