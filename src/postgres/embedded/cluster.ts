/** The data folder: made by initdb, and the superuser's password put right when it was lost. */
import { randomBytes } from "node:crypto";
import {
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { SuperviseError } from "../../errors.js";
import { quoteIdentifier, quoteLiteral } from "../quote.js";
import type { Binaries } from "./binaries.js";
import type { Place } from "./place.js";
import { attempt, run } from "./run.js";

/** The role that the application connects as: a superuser, so that it may create extensions. */
export const SUPERUSER = "postgres";

/**
 * The major version that made the data; null when there is no data yet.
 *
 * @throws SuperviseError EMBEDDED_UNAVAILABLE when there is something else in its place.
 */
export async function dataVersion(place: Place): Promise<number | null> {
  if ((await attempt(() => lstat(place.data))) === null) return null;
  const version = await attempt(() => readFile(join(place.data, "PG_VERSION"), "utf8"));
  const major = Number.parseInt(version ?? "", 10);
  if (Number.isInteger(major)) return major;
  if ((await readdir(place.data)).length === 0) return null;
  throw new SuperviseError("EMBEDDED_UNAVAILABLE", {
    what: "the development database's folder holds no PostgreSQL data",
    where: place.data,
    remedy: "remove it to start with empty data, or set DATABASE_URL",
  });
}

/**
 * Makes a data folder, which appears by rename once it is whole. It is not synced to disk: after
 * a power failure within the half minute that follows, it may have to be removed and made anew.
 */
export async function createCluster(
  place: Place,
  binaries: Binaries,
  password: string,
): Promise<void> {
  for (const name of await readdir(place.base)) {
    // Left by a start that was killed; the start lock says that nobody is at it now.
    if (name.startsWith("postgres.new-")) await rm(join(place.base, name), { recursive: true });
  }
  const folder = await mkdtemp(join(place.base, "postgres.new-"));
  const data = join(folder, "data");
  const pwfile = join(folder, randomBytes(6).toString("hex"));
  try {
    await mkdir(data, { mode: 0o700 });
    await writeFile(pwfile, `${password}\n`, { mode: 0o600, flag: "wx" });
    if (place.account !== null) {
      const { uid, gid } = place.account;
      for (const path of [pwfile, data, folder]) await chown(path, uid, gid);
    }
    await initdb(place, binaries, data, pwfile);
    await rename(data, place.data);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sets the superuser's password while no server runs. */
export async function resetPassword(
  place: Place,
  binaries: Binaries,
  password: string,
): Promise<void> {
  const sql = `alter role ${quoteIdentifier(SUPERUSER)} password ${quoteLiteral(password)};\n`;
  const args = ["--single", "-D", place.data, "-c", "log_statement=none", "postgres"];
  const done = await run(join(binaries.bin, "postgres"), args, place.account, sql);
  if (!done.ok) throw failed("give the development database a new password", place, done.output);
}

/** @param details what the program or the server's log said. */
export function failed(what: string, place: Place, details: string): SuperviseError {
  const lines = details.trim().split("\n").slice(-15);
  return new SuperviseError("EMBEDDED_UNAVAILABLE", {
    what: `could not ${what}: ${theReason(lines)}`,
    where: place.data,
    remedy: `see ${place.log}; or set DATABASE_URL to a server of your own`,
    details: lines.join("\n"),
  });
}

/** The first line that says why; with a broken configuration file that is the one before. */
function theReason(lines: readonly string[]): string {
  const at = lines.findIndex((line) => /\b(?:FATAL|PANIC|ERROR|error):/.test(line));
  const general = at > 0 && lines[at]?.includes("contains errors") === true;
  const telling = lines[general ? at - 1 : at] ?? lines.at(-1) ?? "";
  return telling.replace(/^.*?\b(?:LOG|FATAL|PANIC|ERROR|error):\s*/, "") || "it did not say why";
}

async function initdb(
  place: Place,
  binaries: Binaries,
  data: string,
  pwfile: string,
): Promise<void> {
  const args = ["-D", data, "-U", SUPERUSER, "--auth=scram-sha-256", `--pwfile=${pwfile}`];
  args.push("--encoding=UTF8", "--no-sync");
  if (binaries.major >= 14) args.push("--no-instructions");
  const program = join(binaries.bin, "initdb");
  let output = "";
  for (const locale of locales(binaries.major)) {
    const done = await run(program, [...args, ...locale], place.account);
    if (done.ok) return;
    output = done.output;
    if (!/locale/i.test(output)) break;
  }
  throw failed("create the development database", place, output);
}

/**
 * The same order and the same letters on every machine: C.UTF-8, built in since 17 and from the
 * system before; where the system has none, C, which differs only in upper and lower case beyond
 * ASCII.
 */
function locales(major: number): string[][] {
  if (major >= 17) return [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]];
  return [["--locale=C.UTF-8"], ["--locale=C"]];
}
