/**
 * The rows of `dazzle.instance`: one a supervisor, on whatever machine, with the last sign it gave.
 * Whether a silent one is dead nobody can know from here; it is only counted no more.
 */
import type { Config } from "../config/config.js";
import type { Session } from "../postgres/session.js";

/** How often a supervisor gives a sign, in milliseconds. */
export const BEAT_MS = 10_000;
/** Seconds after the last sign from which on a supervisor counts as silent: six beats. */
const ALIVE_S = 60;
/** Seconds after which the row of a silent supervisor is removed by another one. */
const FORGOTTEN_S = 24 * 60 * 60;

/** What a supervisor says of itself. */
export interface Instance {
  /** A UUID, made anew by each start. */
  readonly id: string;
  readonly project: string;
  readonly namespace: string;
  readonly host: string;
  readonly pid: number;
  /** Of the supervisor, not of the application. */
  readonly version: string;
  readonly workers: number;
  readonly poolMax: number;
  /** `starting running reloading degraded draining` */
  readonly state: string;
  readonly startedAt: Date;
}

/** What the database knows of a supervisor. */
export interface KnownInstance extends Instance {
  /** Milliseconds since its start, as far as the clocks of its machine and of the server agree. */
  readonly upMs: number;
  /** Milliseconds since its last sign, by the server's clock. */
  readonly silentMs: number;
  readonly alive: boolean;
}

interface Row {
  readonly id: string;
  readonly project: string;
  readonly namespace: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly workers: number;
  readonly pool_max: number;
  readonly state: string;
  readonly started_at: Date;
  readonly up_ms: number;
  readonly silent_ms: number;
}

/** Every supervisor of this database, silent ones included, in the order of their names. */
export async function listInstances(session: Session): Promise<KnownInstance[]> {
  if (!(await usable(session, false))) return [];
  const rows = await session.query<{ [K in keyof Row]: Row[K] }>(
    `select id, project, namespace, host, pid, version, workers, pool_max, state, started_at,
       greatest(0, extract(epoch from clock_timestamp() - started_at) * 1000)::float8 as up_ms,
       greatest(0, extract(epoch from clock_timestamp() - heartbeat_at) * 1000)::float8 as silent_ms
     from dazzle.instance order by project, namespace, host, started_at, id`,
  );
  return rows.map(({ pool_max, started_at, up_ms, silent_ms, ...row }) => ({
    ...row,
    poolMax: pool_max,
    startedAt: started_at,
    upMs: up_ms,
    silentMs: silent_ms,
    alive: silent_ms <= ALIVE_S * 1_000,
  }));
}

/** Connections that a supervisor and its workers may open: `workers x pool.max + 1`. */
export const connectionsOf = ({ workers, poolMax }: Pick<Instance, "workers" | "poolMax">) =>
  workers * poolMax + 1;

/** What the fleet's living supervisors but this one may open at most, by project. */
export async function fleetDemand(
  session: Session,
  own: string,
): Promise<{ project: string; connections: number }[]> {
  const others = (await listInstances(session)).filter(({ id, alive }) => alive && id !== own);
  return others.map((one) => ({ project: one.project, connections: connectionsOf(one) }));
}

/**
 * Writes the row with a fresh sign.
 *
 * @returns false where there is no table that this role may write: nothing was ever migrated here,
 *   or somebody else migrates, or the server is a standby.
 */
export async function signal(session: Session, instance: Instance): Promise<boolean> {
  if (!(await usable(session, true))) return false;
  await session.query(
    `insert into dazzle.instance
       (id, project, namespace, host, pid, version, workers, pool_max, state, started_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (id) do update set workers = excluded.workers, pool_max = excluded.pool_max,
       state = excluded.state, heartbeat_at = now()`,
    [
      instance.id,
      instance.project,
      instance.namespace,
      instance.host,
      instance.pid,
      instance.version,
      instance.workers,
      instance.poolMax,
      instance.state,
      instance.startedAt,
    ],
  );
  return true;
}

/** Removes the rows of supervisors that ended without a word long ago. */
export async function forgetSilent(session: Session): Promise<void> {
  if (!(await usable(session, true))) return;
  await session.query(
    `delete from dazzle.instance where heartbeat_at < now() - pg_catalog.make_interval(secs => $1)`,
    [FORGOTTEN_S],
  );
}

/** Removes the row of a supervisor that ends. */
export async function leave(session: Session, id: string): Promise<void> {
  if (await usable(session, true)) {
    await session.query("delete from dazzle.instance where id = $1", [id]);
  }
}

/** The parts of an instance that its configuration decides. */
export const describe = ({ project, database, pool }: Config) => ({
  project: project.name,
  namespace: database.namespace,
  poolMax: pool.max,
});

/**
 * Whether the table is there and this role may use it. Asked first, since a statement that fails at
 * each beat would fill the server's log.
 */
async function usable(session: Session, writing: boolean): Promise<boolean> {
  const [row] = await session.query<{ usable: boolean }>(
    `select pg_catalog.has_schema_privilege(n.oid, 'usage')
       and pg_catalog.has_table_privilege(c.oid, 'select')
       and (not $1 or not pg_catalog.pg_is_in_recovery()
         and pg_catalog.has_table_privilege(c.oid, 'insert')
         and pg_catalog.has_table_privilege(c.oid, 'update')
         and pg_catalog.has_table_privilege(c.oid, 'delete')) as usable
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'dazzle' and c.relname = 'instance'`,
    [writing],
  );
  return row?.usable === true;
}
