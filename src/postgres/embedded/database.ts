/** The project's own database on the development server. */
import { lchown, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SuperviseError } from "../../errors.js";
import { quoteIdentifier } from "../quote.js";
import { openSession, type Session } from "../session.js";
import { SQLSTATE, sqlstateOf } from "../sqlstate.js";
import { SUPERUSER } from "./cluster.js";
import type { Place } from "./place.js";
import { attempt } from "./run.js";

const APPLICATION = "supervise/development";
const TAKEN = new Set(["postgres", "template0", "template1"]);

/** A database name that needs no quoting, after the project's. */
export function databaseName(project: string): string {
  const name = project
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "_")
    .replaceAll(/^_+|_+$/g, "")
    .slice(0, 63);
  if (name === "") return "app";
  return TAKEN.has(name) || /^\d/.test(name) ? `app_${name}`.slice(0, 63) : name;
}

/**
 * The name of the project's database, kept beside the data: a project that is renamed, or whose
 * name is asked for in different ways, goes on with the same one.
 *
 * @param first the name to give to a new one.
 */
export async function rememberDatabase(place: Place, first: string): Promise<string> {
  const file = join(place.data, "dazzle.database");
  const kept = (await attempt(() => readFile(file, "utf8")))?.trim();
  if (kept !== undefined && kept === databaseName(kept)) return kept;
  await writeFile(file, `${first}\n`, { flag: "wx", mode: 0o600 });
  if (place.account !== null) await lchown(file, place.account.uid, place.account.gid);
  return first;
}

/** Connects to the project's database, creating it first where it is missing. */
export async function openDatabase(server: {
  readonly port: number;
  readonly password: string;
  readonly database: string;
}): Promise<{ url: string; version: string }> {
  const urlOf = (name: string) =>
    `postgresql://${SUPERUSER}:${server.password}@127.0.0.1:${server.port}/${name}`;
  const url = urlOf(server.database);
  const session = await openOrCreate(url, urlOf("postgres"), server.database);
  await session.end();
  return { url, version: session.serverVersion };
}

/** True when the server refused the password that is on file. */
export function isWrongPassword(error: unknown): boolean {
  return error instanceof SuperviseError && sqlstateOf(error.cause) === SQLSTATE.invalidPassword;
}

async function openOrCreate(url: string, maintenance: string, database: string): Promise<Session> {
  try {
    return await openSession(url, { applicationName: APPLICATION });
  } catch (error) {
    const cause = error instanceof SuperviseError ? error.cause : error;
    if (sqlstateOf(cause) !== SQLSTATE.noSuchDatabase) throw error;
  }
  const session = await openSession(maintenance, { applicationName: APPLICATION });
  try {
    await session.query(`create database ${quoteIdentifier(database)}`);
  } finally {
    await session.end();
  }
  return openSession(url, { applicationName: APPLICATION });
}
