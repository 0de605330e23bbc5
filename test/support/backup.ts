/** Projects with a database and uploads, their backups, and digests to compare them by. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createBackup, type CreateRequest, type CreateResult } from "../../src/backup/create.js";
import { noProgress } from "../../src/backup/progress.js";
import {
  restoreBackup,
  type RestoreRequest,
  type RestoreResult,
} from "../../src/backup/restore.js";
import type { Config } from "../../src/config/config.js";
import { loadConfig } from "../../src/config/load.js";
import { quoteLiteral } from "../../src/postgres/quote.js";
import { SuperviseError } from "../../src/errors.js";
import { connect } from "./database.js";
import { silentLog } from "./log.js";
import { project } from "./project.js";

/** A project's configuration with its database at `url`; `toml` is added to dazzle.toml. */
export async function projectAt(
  url: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
  toml = "",
): Promise<Config> {
  const cwd = project({ "dazzle.toml": `[project]\nname = "tasks"\n${toml}`, ...files });
  return (await loadConfig({ cwd, env: { DATABASE_URL: url }, flags: {} })).config;
}

/** The same project, another database. */
export function onDatabase(config: Config, url: string): Config {
  return { ...config, database: { ...config.database, url } };
}

export function create(config: Config, wishes: Partial<CreateRequest> = {}): Promise<CreateResult> {
  return createBackup({
    config,
    log: silentLog,
    output: null,
    dataOnly: false,
    engine: "auto",
    signal: new AbortController().signal,
    progress: noProgress,
    now: () => new Date(),
    ...wishes,
  });
}

/** A backup's file. */
export async function createFile(
  config: Config,
  wishes: Partial<CreateRequest> = {},
): Promise<string> {
  const { path } = await create(config, wishes);
  if (path === null) throw new Error("the backup went to a stream");
  return path;
}

export function restore(
  config: Config,
  path: string,
  wishes: Partial<RestoreRequest> = {},
): Promise<RestoreResult> {
  return restoreBackup({
    config,
    log: silentLog,
    path,
    force: false,
    confirm: () => Promise.resolve(true),
    serving: () => Promise.resolve([]),
    signal: new AbortController().signal,
    progress: noProgress,
    ...wishes,
  });
}

/** The failure of the catalogue that `work` ends with. */
export async function failureOf(work: Promise<unknown>): Promise<SuperviseError> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof SuperviseError) return outcome;
  throw new Error("it did not fail as the catalogue knows it", { cause: outcome });
}

export async function run(url: string, ...statements: readonly string[]): Promise<void> {
  const session = await connect(url);
  try {
    for (const statement of statements) await session.query(statement);
  } finally {
    await session.end();
  }
}

export async function rowsOf<Row extends Record<string, unknown>>(
  url: string,
  sql: string,
): Promise<Row[]> {
  const session = await connect(url);
  try {
    return await session.query<Row>(sql);
  } finally {
    await session.end();
  }
}

/**
 * Digests by name: every table and materialized view outside the system schemas, every sequence with
 * its exact position, large objects, constraints, triggers and row level security.
 */
export async function digest(url: string): Promise<Record<string, string>> {
  const session = await connect(url);
  const found: Record<string, string> = {};
  try {
    await session.query("set extra_float_digits = 3");
    const relations = await session.query<{ name: string; kind: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name, c.relkind::text as kind
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
          and c.relkind in ('r','m','S') and c.relispopulated order by 1`,
    );
    const selects = relations.map(({ name, kind }) =>
      kind === "S"
        ? `select ${quoteLiteral(name)} as name, last_value::text || is_called::text as value from ${name}`
        : `select ${quoteLiteral(name)}, count(*)::text || md5(coalesce(string_agg(t::text, E'\\n' order by t::text), '')) from only ${name} t`,
    );
    for (let at = 0; at < selects.length; at += 100) {
      const rows = await session.query<{ name: string; value: string }>(
        `select null as name, null as value where false union all ${selects.slice(at, at + 100).join(" union all ")}`,
      );
      for (const { name, value } of rows) found[name] = value;
    }
    const shape = await session.query<{ name: string; value: string }>(
      `select 'object ' || m.oid as name, md5(lo_get(m.oid)) as value from pg_largeobject_metadata m
       union all
       select 'constraint ' || conrelid::regclass || '.' || conname,
         pg_get_constraintdef(oid) || convalidated || coalesce(obj_description(oid, 'pg_constraint'), '')
         from pg_constraint where conrelid > 16383 and contype <> 'n'
       union all
       select 'trigger ' || tgrelid::regclass || '.' || tgname, tgenabled::text
         from pg_trigger where not tgisinternal
       union all
       select 'security ' || oid::regclass, relrowsecurity::text || relforcerowsecurity
         from pg_class where relrowsecurity`,
    );
    for (const { name, value } of shape) found[name] = value;
  } finally {
    await session.end();
  }
  return found;
}

/** Every path below `folder` with mode, time and content. */
export function treeDigest(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  if (!existsSync(folder)) return found;
  for (const name of readdirSync(folder, { encoding: "buffer", recursive: false })) {
    const path = Buffer.concat([Buffer.from(`${folder}/`), name]);
    const stats = statSync(path);
    const label = name.toString("latin1");
    found[label] = `${(stats.mode & 0o777).toString(8)} ${Math.round(stats.mtimeMs)} `;
    if (stats.isDirectory()) {
      const inner = Buffer.from(path).toString();
      for (const [below, value] of Object.entries(treeDigest(inner)))
        found[`${label}/${below}`] = value;
    } else {
      found[label] += createHash("sha256").update(readFileSync(path)).digest("hex");
    }
  }
  return found;
}

/** Hidden leftovers of ours in the project's folder. */
export function leftovers(root: string): string[] {
  return readdirSync(root).filter((name) => /\.partial$|\.restore-/.test(name));
}

/** Writes files below `root`, making folders as needed. */
export function writeFiles(root: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
}
