/**
 * Whether the connections that this supervisor may open fit into what the server allows. The
 * numbers come from capacity.ts; the decision is a pure function of them, and what follows from
 * it (refuse, warn, fewer workers) is the caller's.
 */
import type { Capacity, ConnectionGroup } from "./capacity.js";

export { readCapacity, type Capacity } from "./capacity.js";

export interface BudgetDemand {
  readonly workers: number;
  readonly poolMax: number;
  /** The project's name: connections named `PROJECT/...` are its supervisors'. */
  readonly project: string;
  /**
   * Connections that this supervisor and its workers have open now, its own sessions included.
   * Default: those of the project from the session's own address.
   */
  readonly ours?: number;
  /** What the fleet's other supervisors may open at most, of whatever project. Default: none. */
  readonly fleet?: readonly FleetDemand[];
  /** Workers that a reload starts before it stops as many. Default 1. */
  readonly overlap?: number;
}

/** What another supervisor, whose connections are named `PROJECT/...` too, may open at most. */
export interface FleetDemand {
  readonly project: string;
  readonly connections: number;
}

interface Limit {
  readonly name: "max_connections" | "role" | "database";
  /** As a sentence names it: `the connection limit of role app`. */
  readonly label: string;
  readonly connections: number;
}

export interface BudgetVerdict {
  /** `exceeded`: cannot fit even alone. `warn`: fits alone, but not beside others or a reload. */
  readonly status: "ok" | "warn" | "exceeded";
  /** `workers x pool.max + 1` */
  readonly demand: number;
  /** The least limit. */
  readonly capacity: number;
  readonly limit: Limit;
  readonly maxConnections: number;
  /** Slots of max_connections that ordinary roles cannot have. */
  readonly reserved: number;
  readonly ours: number;
  /** What others have open, or the fleet may open, counted where it is tightest. */
  readonly others: number;
  /** Connections that are left for this supervisor once the others are counted. */
  readonly available: number;
  /** The largest pool.max with which this supervisor alone fits; 0 when none does. */
  readonly largestPoolMax: number;
  /** The largest pool.max that fits beside the others and a reload; 0 when none does. */
  readonly comfortablePoolMax: number;
  /** One sentence with the numbers. */
  readonly message: string;
}

/** Decides as contract section 6 says: refusal is for what cannot fit alone, all else warns. */
export function decideBudget(capacity: Capacity, wanted: BudgetDemand): BudgetVerdict {
  const { workers, poolMax, overlap = 1 } = wanted;
  const tight = limitsOf(capacity).map((limit) => ({
    limit,
    others: othersWithin(limit, capacity, wanted),
  }));
  const least = tight.reduce((a, b) => (b.limit.connections < a.limit.connections ? b : a));
  const full = tight.reduce((a, b) => (room(b) < room(a) ? b : a));
  const demand = workers * poolMax + 1;
  const during = demand + overlap * poolMax;
  const available = Math.max(0, room(full));
  const largestPoolMax = Math.max(0, Math.floor((least.limit.connections - 1) / workers));
  const status =
    demand > least.limit.connections ? "exceeded" : during > room(full) ? "warn" : "ok";
  // A refusal is about the least limit; a warning about the one with the least room.
  const { limit, others } = status === "exceeded" ? least : full;
  const verdict = {
    status,
    demand,
    capacity: least.limit.connections,
    limit,
    maxConnections: capacity.maxConnections,
    reserved: capacity.superuserReserved + capacity.reserved,
    ours: oursAmong(capacity.connections, wanted),
    others,
    available,
    largestPoolMax,
    comfortablePoolMax: Math.max(0, Math.floor((room(full) - 1) / (workers + overlap))),
  } as const;
  return { ...verdict, message: sentence(verdict, wanted, during) };
}

/**
 * As many of `wanted` workers as fit with `poolMax` connections each, at least one. For
 * `workers = "auto"`; one worker that does not fit either is for {@link decideBudget} to refuse.
 */
export function fitWorkers(capacity: Capacity, wanted: number, poolMax: number): number {
  const least = Math.min(...limitsOf(capacity).map((limit) => limit.connections));
  return Math.max(1, Math.min(wanted, Math.floor((least - 1) / poolMax)));
}

function limitsOf(capacity: Capacity): [Limit, ...Limit[]] {
  const { maxConnections, superuserReserved, reserved, role, roleLimit, database } = capacity;
  const limits: [Limit, ...Limit[]] = [
    {
      name: "max_connections",
      label: `max_connections ${maxConnections} less ${superuserReserved + reserved} reserved`,
      connections: maxConnections - superuserReserved - reserved,
    },
  ];
  if (roleLimit !== null) {
    const label = `the connection limit of role ${role}`;
    limits.push({ name: "role", label, connections: roleLimit });
  }
  if (capacity.databaseLimit !== null) {
    const label = `the connection limit of database ${database}`;
    limits.push({ name: "database", label, connections: capacity.databaseLimit });
  }
  return limits;
}

function room(of: { readonly limit: Limit; readonly others: number }): number {
  return of.limit.connections - of.others;
}

/**
 * Strangers count as they are; a project of the fleet counts with all that it may open, or with what
 * it has open where that is more.
 */
function othersWithin(limit: Limit, capacity: Capacity, wanted: BudgetDemand): number {
  const counted = capacity.connections.filter(
    (group) =>
      limit.name === "max_connections" ||
      (limit.name === "role" ? group.sameRole : group.sameDatabase),
  );
  const fleet = wanted.fleet ?? [];
  const projects = [...new Set([wanted.project, ...fleet.map(({ project }) => project)])];
  const strangers = counted.filter((group) => !projects.some((name) => isOf(group, name)));
  const family = projects.map((name) => {
    const open = sum(counted.filter((group) => isOf(group, name)));
    const others = name === wanted.project ? open - oursAmong(counted, wanted) : open;
    const may = fleet.filter(({ project }) => project === name);
    return Math.max(
      0,
      others,
      may.reduce((total, one) => total + one.connections, 0),
    );
  });
  return family.reduce((total, each) => total + each, sum(strangers));
}

function oursAmong(connections: readonly ConnectionGroup[], wanted: BudgetDemand): number {
  const nearby = connections.filter((group) => group.sameClient && isOf(group, wanted.project));
  return wanted.ours ?? Math.max(1, sum(nearby));
}

function isOf(group: ConnectionGroup, project: string): boolean {
  return group.applicationName.startsWith(`${project}/`);
}

function sum(groups: readonly ConnectionGroup[]): number {
  return groups.reduce((total, group) => total + group.count, 0);
}

function sentence(
  verdict: Omit<BudgetVerdict, "message">,
  { workers, poolMax }: BudgetDemand,
  during: number,
): string {
  const { status, demand, limit, others, largestPoolMax, comfortablePoolMax } = verdict;
  const needs = `${count(workers, "worker")} x pool.max ${poolMax} + 1 = ${demand} connections`;
  const allows = `${limit.label} allows ${limit.connections}`;
  if (status === "exceeded") {
    const fit =
      largestPoolMax > 0 ? `pool.max ${largestPoolMax} is the largest that fits` : "none fits";
    return `${needs}, but ${allows}; ${fit}`;
  }
  if (status === "ok")
    return `${needs}, ${allows}, others take ${others === 0 ? "none" : `up to ${others}`}`;
  const when = demand > limit.connections - others ? "" : ` and ${during} during a reload`;
  const fit =
    comfortablePoolMax > 0
      ? `pool.max ${comfortablePoolMax} would fit beside them and a reload`
      : "no pool.max fits beside them";
  return `${needs}${when}; ${allows} and others take up to ${others}: ${fit}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
