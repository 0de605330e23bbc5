/**
 * What the two halves of the distribution say to each other. `cmd` starts with `NODE_`, so that
 * Node delivers these as `internalMessage` and an application's own `process.on("message")` in a
 * script never sees them.
 */

export const COMMAND = "NODE_SUPERVISE_LISTEN";

/** Environment variable that tells a worker how its listeners get their connections. */
export const KIND_VARIABLE = "SUPERVISE_DISTRIBUTION";

/**
 * How connections reach workers.
 * - `balanced`: workers accept from one shared socket, and step out while they hold more than
 *   their fair share.
 * - `shared`: the same without the stepping out: whoever wakes first accepts.
 * - `reuseport`: a socket per worker, the kernel spreads by hash (Node 23.1 and later, Linux).
 * - `round-robin`: node:cluster's own, the primary accepts and hands over.
 */
export type Kind = "balanced" | "shared" | "reuseport" | "round-robin";

/** UV_TCP_REUSEPORT: several sockets on one port, between which the kernel spreads. */
export const REUSEPORT_FLAG = 2;

/** What is listened on, as node:net asks node:cluster for it. */
export interface ListenQuery {
  /** An IP address, the path of a unix socket, or null for every address. */
  readonly address: string | null;
  /** -1 for a unix socket or a descriptor. */
  readonly port: number;
  /** 4, 6, or -1. */
  readonly addressType: number;
  /** A descriptor of the primary, such as one of systemd's; null for none. */
  readonly fd: number | null;
  readonly flags: number;
  /** Tells two listeners of one worker on the same address (port 0, twice) from each other. */
  readonly index: number;
}

/**
 * Worker to primary.
 * - `hold`: comes with a second descriptor of a connection whose client has sent nothing yet.
 * - `ended`: connections that the primary need not hold any longer, by their serial numbers.
 * - `taken`: the answer to `take`; refused by a worker that has closed the listener meanwhile.
 * - `refuse`: of a listener that it was offered and has no use for.
 */
export type WorkerMessage =
  | { act: "open"; seq: number; query: ListenQuery; data: unknown }
  | { act: "close"; key: string }
  | { act: "refuse"; key: string }
  | { act: "hold"; key: string; slot: number; serial: number }
  | { act: "ended"; serials: readonly number[] }
  | { act: "taken"; ticket: number; refused: boolean };

/** Where a worker finds itself among the other users of a listener. */
export interface Place {
  /** The scoreboard's path. */
  readonly board: string;
  readonly row: number;
  /** The path of the worker's ledger; null when the primary holds no connections. */
  readonly ledger: string | null;
}

/**
 * Primary to worker, the answer to `open`, or what it is offered; comes with the listening handle when
 * `errno` is 0.
 */
export interface Opened {
  /** 0 for an offer. */
  seq: number;
  errno: number;
  key: string;
  /** Shared by all users of a listener: TLS ticket keys. */
  data: unknown;
  place: Place | null;
  /** The port that was bound, for `reuseport`, whose workers bind for themselves. */
  port: number;
}

/**
 * Primary to worker, in its own time.
 * - `take`: comes with a connection of a worker that died before it had begun with it.
 * - `consumed`: connections taken with these tickets whose request died with the other worker.
 * - `offers`: the listeners with these keys are on their way to it, so that it need not ask for them.
 */
export type PrimaryMessage =
  | { act: "take"; key: string; ticket: number }
  | { act: "consumed"; tickets: readonly number[] }
  | { act: "offers"; keys: readonly string[] };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Node's own word that a descriptor has arrived with the other side. */
export const isAcknowledgement = (value: unknown): boolean =>
  isRecord(value) && value["cmd"] === "NODE_HANDLE_ACK";

/** Names a listener: who asks for the same has the same. */
export const keyOf = ({ address, port, addressType, fd, index }: ListenQuery): string =>
  [address, port, addressType, fd, index].join(":");

function parseQuery(value: unknown): ListenQuery | null {
  if (!isRecord(value)) return null;
  const { address, port, addressType, fd, flags, index } = value;
  if (address !== null && typeof address !== "string") return null;
  if (fd !== null && typeof fd !== "number") return null;
  if (typeof port !== "number" || typeof addressType !== "number") return null;
  if (typeof flags !== "number" || typeof index !== "number") return null;
  return { address, port, addressType, fd, flags, index };
}

/** Null for whatever is not ours. */
export function parseWorkerMessage(value: unknown): WorkerMessage | null {
  if (!isRecord(value) || value["cmd"] !== COMMAND) return null;
  const { act, seq, key, data } = value;
  if (act === "hold" || act === "ended" || act === "taken") return parseHolding(act, value);
  if ((act === "close" || act === "refuse") && typeof key === "string") return { act, key };
  const query = parseQuery(value["query"]);
  if (act === "open" && typeof seq === "number" && query) return { act, seq, query, data };
  return null;
}

function parseHolding(
  act: "hold" | "ended" | "taken",
  { key, slot, serial, serials, ticket, refused }: Record<string, unknown>,
): WorkerMessage | null {
  if (act === "hold" && typeof key === "string") {
    return typeof slot === "number" && typeof serial === "number"
      ? { act, key, slot, serial }
      : null;
  }
  if (act === "ended" && Array.isArray(serials)) {
    return { act, serials: serials.filter((one) => typeof one === "number") };
  }
  if (act === "taken" && typeof ticket === "number" && typeof refused === "boolean") {
    return { act, ticket, refused };
  }
  return null;
}

function parsePlace(value: unknown): Place | null {
  if (!isRecord(value)) return null;
  const { board, row, ledger } = value;
  if (typeof board !== "string" || typeof row !== "number") return null;
  return { board, row, ledger: typeof ledger === "string" ? ledger : null };
}

/** Null for whatever is not ours. */
export function parseOpened(value: unknown): Opened | null {
  if (!isRecord(value) || value["cmd"] !== COMMAND) return null;
  const { seq, errno, key, data, port } = value;
  if (typeof seq !== "number" || typeof errno !== "number") return null;
  if (typeof key !== "string" || typeof port !== "number") return null;
  return { seq, errno, key, data, port, place: parsePlace(value["place"]) };
}

/** Null for whatever is not ours. */
export function parsePrimaryMessage(value: unknown): PrimaryMessage | null {
  if (!isRecord(value) || value["cmd"] !== COMMAND) return null;
  const { act, key, keys, ticket, tickets } = value;
  if (act === "consumed" && Array.isArray(tickets)) {
    return { act, tickets: tickets.filter((one) => typeof one === "number") };
  }
  if (act === "offers" && Array.isArray(keys)) {
    return { act, keys: keys.filter((one) => typeof one === "string") };
  }
  if (act === "take" && typeof key === "string" && typeof ticket === "number") {
    return { act, key, ticket };
  }
  return null;
}
