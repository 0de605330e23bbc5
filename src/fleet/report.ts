/** What `supervise fleet` prints, as one document. */
import type { Session } from "../postgres/session.js";
import { connectionsOf, listInstances, type KnownInstance } from "./instance.js";

export interface FleetReport {
  readonly database: { readonly host: string; readonly name: string };
  readonly instances: readonly {
    readonly id: string;
    readonly project: string;
    readonly namespace: string;
    readonly host: string;
    readonly pid: number;
    readonly version: string;
    readonly state: string;
    readonly workers: number;
    readonly pool_max: number;
    /** `workers x pool_max + 1` */
    readonly max_connections: number;
    readonly started_at: string;
    readonly uptime_s: number;
    readonly heartbeat_age_s: number;
    /** It gave a sign in the last minute. */
    readonly alive: boolean;
  }[];
  /** Of those that are alive. */
  readonly totals: {
    readonly supervisors: number;
    readonly workers: number;
    readonly connections: number;
  };
}

/** Reads nothing but the fleet's table; an empty list where there is none. */
export async function fleetReport(session: Session): Promise<FleetReport> {
  const [row] = await session.query<{ name: string }>("select current_database()::text as name");
  const instances = await listInstances(session);
  const alive = instances.filter((one) => one.alive);
  const sum = (of: (one: KnownInstance) => number): number =>
    alive.reduce((total, one) => total + of(one), 0);
  return {
    database: { host: session.client.host, name: row?.name ?? "" },
    instances: instances.map((one) => ({
      id: one.id,
      project: one.project,
      namespace: one.namespace,
      host: one.host,
      pid: one.pid,
      version: one.version,
      state: one.state,
      workers: one.workers,
      pool_max: one.poolMax,
      max_connections: connectionsOf(one),
      started_at: one.startedAt.toISOString(),
      uptime_s: one.upMs / 1_000,
      heartbeat_age_s: one.silentMs / 1_000,
      alive: one.alive,
    })),
    totals: {
      supervisors: alive.length,
      workers: sum((one) => one.workers),
      connections: sum(connectionsOf),
    },
  };
}
