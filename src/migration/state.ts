/** What is kept in the database: the PostgreSQL schema `dazzle` with its three tables. */
import { SuperviseError } from "../errors.js";
import type { Session } from "../postgres/session.js";
import { SQLSTATE, sqlstateOf } from "../postgres/sqlstate.js";

/**
 * revision: hand-written revisions that ran. applied: what each automatic apply did, and in its
 * newest row of a namespace what the next start needs to know. instance: the supervisors that share
 * the database (fleet).
 */
const TABLES = [
  `create schema if not exists dazzle`,
  `create table if not exists dazzle.revision (
    namespace text not null,
    version text not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    duration_ms integer,
    primary key (namespace, version))`,
  `create table if not exists dazzle.applied (
    id bigint generated always as identity primary key,
    namespace text not null,
    applied_at timestamptz not null default now(),
    statements text[] not null,
    schema_hash text,
    server_version_num integer,
    format integer,
    fingerprint text,
    outstanding jsonb,
    owned jsonb not null,
    unfinished jsonb not null,
    desired text)`,
  `create index if not exists applied_namespace_idx on dazzle.applied (namespace, id)`,
  `create table if not exists dazzle.instance (
    id uuid primary key,
    project text not null,
    namespace text not null,
    host text not null,
    pid integer not null,
    version text not null,
    workers integer not null,
    pool_max integer not null,
    state text not null,
    started_at timestamptz not null default now(),
    heartbeat_at timestamptz not null default now())`,
];

/**
 * Creates the schema and tables that are missing. The caller holds the migration lock, or bears
 * that another one creates them at the same time.
 *
 * @throws SuperviseError PRIVILEGE_MISSING with the GRANT to run.
 */
export async function ensureState(session: Session): Promise<void> {
  const missing = await missingState(session);
  if (missing.length === 0) return;
  await session.query("begin read write");
  try {
    for (const sql of missing) await session.query(sql);
    await session.query("commit");
  } catch (error) {
    if (!session.lost.aborted) await session.query("rollback");
    if (sqlstateOf(error) !== SQLSTATE.insufficientPrivilege) throw error;
    throw new SuperviseError("PRIVILEGE_MISSING", {
      what: "the role may not create the PostgreSQL schema dazzle, which records what was applied",
      remedy: await grantRemedy(session),
      cause: error,
    });
  }
}

/** The statements that create what is missing of it; none when all is there. */
export async function missingState(session: Session): Promise<readonly string[]> {
  const [row] = await session.query<{ present: number }>(
    `select count(*)::int as present from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'dazzle' and c.relname in ('revision', 'applied', 'instance')`,
  );
  return row?.present === 3 ? [] : TABLES;
}

/** The GRANT that lets this role create schemas in this database. */
export async function grantRemedy(session: Session): Promise<string> {
  const [row] = await session.query<{ grant: string }>(
    `select format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user) as grant`,
  );
  return `as the database's owner run: ${row?.grant ?? ""}`;
}
