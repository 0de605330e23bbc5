/** A database beside the project's own with the same schema and no rows, dropped after use. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { SuperviseError } from "../errors.js";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.js";
import { openSession, type Session } from "../postgres/session.js";
import type { OpenDatabase } from "./database/connect.js";
import { findPgDumps, type PgDump } from "./engine/find-pg-dump.js";
import { libpqEnvironment } from "./engine/libpq.js";
import { codeOf } from "./node-error.js";

const run = promisify(execFile);

const PREFIX = "supervise_verify_";
/** The statements of a schema of some tens of thousands of tables. */
const LARGEST_SCHEMA = 256 << 20;

async function suitablePgDump(session: Session): Promise<PgDump> {
  const major = Math.floor(session.serverVersionNum / 10_000);
  const found = (await findPgDumps(process.env["PATH"] ?? "")).find((one) => one.major >= major);
  if (found !== undefined) return found;
  throw new SuperviseError("CONFIG_INVALID", {
    what: `a deep verification copies the schema with pg_dump, and there is none for server ${major}`,
    where: "PATH and the usual folders",
    remedy: "install it, or verify without --deep",
  });
}

/** The schema as statements. Lines for psql alone and settings that older servers lack are left out. */
async function schemaStatements(url: string, session: Session): Promise<string> {
  const program = await suitablePgDump(session);
  const { stdout } = await run(
    program.path,
    ["--schema-only", "--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions"],
    { env: libpqEnvironment(url, process.env), maxBuffer: LARGEST_SCHEMA },
  ).catch((error: unknown) => {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    throw notCopied(session, /error: (?:query failed: )?(.*)/.exec(said)?.[1] ?? "", error);
  });
  return stdout.replace(/^(?:\\.*|SET transaction_timeout = 0;)$/gm, "");
}

/** The whole database's schema is copied: namespaces refer to each other, and to extensions. */
function notCopied(session: Session, why: string, cause: unknown): SuperviseError {
  const forbidden = /permission denied|must be (?:owner|superuser)/.test(why);
  return new SuperviseError(forbidden ? "PRIVILEGE_MISSING" : "DATABASE_LOST", {
    what: `the schema could not be copied for a deep verification${why === "" ? "" : `: ${why}`}`,
    where: session.where,
    remedy: forbidden
      ? "run it with a role that may read and create all of it, or verify without --deep"
      : "correct the reason, or verify without --deep",
    cause,
  });
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Removes what a killed verification left, where nobody is connected to it. */
async function dropForgotten(session: Session): Promise<void> {
  const rows = await session.query<{ name: string }>(
    `select d.datname as name from pg_catalog.pg_database d
      where d.datname like ${quoteLiteral(`${PREFIX.replaceAll("_", "\\_")}%`)}
        and pg_catalog.pg_has_role(d.datdba, 'USAGE')
        and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)`,
  );
  for (const { name } of rows) {
    await session.query(`drop database if exists ${quoteIdentifier(name)}`);
  }
}

async function createScratch(session: Session, name: string): Promise<void> {
  const [like] = await session.query<{ encoding: string; collate: string; ctype: string }>(
    `select pg_catalog.pg_encoding_to_char(encoding) as encoding, datcollate as collate,
       datctype as ctype from pg_catalog.pg_database where datname = current_database()`,
  );
  try {
    await session.query(
      `create database ${quoteIdentifier(name)} template template0
         encoding ${quoteLiteral(like?.encoding ?? "UTF8")}
         lc_collate ${quoteLiteral(like?.collate ?? "C")} lc_ctype ${quoteLiteral(like?.ctype ?? "C")}`,
    );
  } catch (error) {
    if (codeOf(error) !== "42501") throw error;
    throw new SuperviseError("PRIVILEGE_MISSING", {
      what: "the role may not create the scratch database of a deep verification",
      where: session.where,
      remedy: "grant it CREATEDB, or verify without --deep",
      cause: error,
    });
  }
}

/** Runs `work` on a scratch database with the schema of `database`. */
export async function withScratchDatabase<T>(
  database: OpenDatabase,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { session, url } = database;
  const statements = await schemaStatements(url, session);
  await dropForgotten(session);
  const name = PREFIX + randomBytes(6).toString("hex");
  await createScratch(session, name);
  try {
    const scratch = await openSession(withDatabase(url, name), {
      applicationName: "supervise/verify",
    });
    try {
      await scratch.query(statements).catch((error: unknown) => {
        throw notCopied(session, error instanceof Error ? error.message : "", error);
      });
      await scratch.query("reset all");
      await scratch.settle();
      return await work(scratch);
    } finally {
      await scratch.end();
    }
  } finally {
    await session.query(`drop database if exists ${quoteIdentifier(name)} with (force)`);
  }
}
