/**
 * The listening sockets that the primary holds for its workers, and who uses which. It leaves the
 * sockets alone otherwise: it neither listens nor accepts on them.
 */
import net from "node:net";
import { isAbsolute, relative } from "node:path";
import {
  clearRow,
  COLUMN,
  COLUMNS,
  createBoard,
  MAX_ROWS,
  monotonicMs,
  type Board,
} from "../../ipc/distribution/board.js";
import type { Logger } from "../../log/logger.js";
import {
  keyOf,
  REUSEPORT_FLAG,
  type Kind,
  type ListenQuery,
  type Place,
  type Opened,
  type WorkerMessage,
} from "../../ipc/distribution/messages.js";

interface ListenHandle {
  close(): void;
  /** Pipes have none. */
  getsockname?(out: object): number;
}

interface Listener {
  readonly handle: ListenHandle;
  /** Null where nothing is balanced. */
  readonly board: Board | null;
  /** The rows by worker. */
  readonly users: Map<number, number>;
  readonly data: unknown;
  readonly port: number;
  /** A descriptor that was handed to the primary can't be opened again. */
  readonly permanent: boolean;
}

type Open = Extract<WorkerMessage, { act: "open" }>;

export interface Listeners {
  /** `ledger` is the path of the worker's, null when its connections are not held. */
  open(workerId: number, message: Open, ledger: string | null): { reply: Opened; handle?: object };
  /** What there is for a worker that has not asked yet; `ledger` as above, where there is anything. */
  offer(workerId: number, ledger: () => string | null): { reply: Opened; handle: object }[];
  has(key: string): boolean;
  /**
   * The worker with the fewest connections among those whose loop turns, null when there is none;
   * `extra` tells how many are on their way to a worker.
   */
  fittest(key: string, extra: (workerId: number) => number): number | null;
  /** A worker closed its server. The last one to do so closes the listener. */
  leave(workerId: number, key: string): void;
  /** A worker has no use for one listener, or is gone. What it used stays open for its replacement. */
  release(workerId: number, key?: string): void;
  /** Closes what nobody uses, if anything is in use at all. */
  settle(): void;
  close(): void;
}

export function createListeners(kind: Kind, log: Pick<Logger, "warn">): Listeners {
  const listeners = new Map<string, Listener>();

  function join(workerId: number, key: string, found: Listener, ledger: string | null) {
    const row = freeRow(found.users);
    found.users.set(workerId, row);
    const place = unlessRefused(() => seat(found, row, ledger), log);
    return { errno: 0, key, data: found.data, place, port: found.port };
  }

  function leave(workerId: number, key: string): Listener | null {
    const listener = listeners.get(key);
    const row = listener?.users.get(workerId);
    if (listener === undefined || row === undefined) return null;
    listener.users.delete(workerId);
    if (listener.board) clearRow(listener.board, row);
    return listener;
  }

  function drop(key: string, listener: Listener): void {
    if (listener.users.size > 0 || listener.permanent) return;
    listeners.delete(key);
    dispose(listener);
  }

  return {
    open(workerId, { seq, query, data }, ledger) {
      const key = keyOf(query);
      const found = listeners.get(key) ?? bind(query, data, kind, log);
      if (typeof found === "number") {
        const failed = { key, errno: found, data: null, place: null, port: query.port };
        return { reply: { seq, ...failed } };
      }
      listeners.set(key, found);
      const reply = { seq, ...join(workerId, key, found, ledger) };
      return kind === "reuseport" && query.port >= 0 ? { reply } : { reply, handle: found.handle };
    },
    offer(workerId, ledger) {
      // Under reuseport every worker binds for itself.
      if (kind === "reuseport" || listeners.size === 0) return [];
      const path = ledger();
      return [...listeners].map(([key, found]) => ({
        reply: { seq: 0, ...join(workerId, key, found, path) },
        handle: found.handle,
      }));
    },
    has: (key) => listeners.has(key),
    fittest(key, extra) {
      const listener = listeners.get(key);
      const rows = listener?.board?.read() ?? new Float64Array();
      const now = monotonicMs();
      let best: { workerId: number; open: number } | null = null;
      for (const [workerId, row] of listener?.users ?? []) {
        const start = row * COLUMNS;
        if ((rows[start + COLUMN.validUntil] ?? 0) < now) continue;
        const open = (rows[start + COLUMN.open] ?? 0) + extra(workerId);
        if (best === null || open < best.open) best = { workerId, open };
      }
      return best?.workerId ?? null;
    },
    leave(workerId, key) {
      const listener = leave(workerId, key);
      if (listener) drop(key, listener);
    },
    release(workerId, one) {
      for (const key of one === undefined ? listeners.keys() : [one]) leave(workerId, key);
    },
    settle() {
      // Between a crash and its replacement nobody may use any: then all stay.
      const inUse = [...listeners.values()].some(({ users }) => users.size > 0);
      if (inUse) for (const [key, listener] of listeners) drop(key, listener);
    },
    close() {
      for (const listener of listeners.values()) dispose(listener);
      listeners.clear();
    },
  };
}

function dispose(listener: Listener): void {
  listener.handle.close();
  listener.board?.close();
}

function freeRow(users: ReadonlyMap<number, number>): number {
  const taken = new Set(users.values());
  let row = 0;
  while (taken.has(row)) row += 1;
  return row;
}

/**
 * Binds, or answers the negative errno that node:net reports in the worker. Under `reuseport` the
 * socket only reserves the port: one that does not listen gets no connections.
 */
function bind(
  query: ListenQuery,
  data: unknown,
  kind: Kind,
  log: Pick<Logger, "warn">,
): Listener | number {
  const flags =
    kind === "reuseport" && query.port >= 0 ? query.flags | REUSEPORT_FLAG : query.flags;
  const handle = createHandle({ ...query, flags, address: socketPath(query) });
  if (typeof handle === "number") return handle;
  const name: { port?: number } = {};
  // libuv keeps EADDRINUSE of bind(2) to itself until the next call on the handle.
  const errno = handle.getsockname?.(name) ?? 0;
  if (errno !== 0) {
    handle.close();
    return errno;
  }
  return {
    handle,
    board: kind === "balanced" ? unlessRefused(createBoard, log) : null,
    users: new Map(),
    data,
    port: name.port ?? query.port,
    permanent: query.fd !== null,
  };
}

/** Null when the system refuses: without a scoreboard workers still share the socket, less evenly. */
function unlessRefused<T>(attempt: () => T, log: Pick<Logger, "warn">): T | null {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    log.warn("no memory to share for even distribution: workers accept as they come", {
      error: error.message,
    });
    return null;
  }
}

/** The worker's row, empty. Null when there is none: the worker then accepts as it likes. */
function seat({ board }: Listener, row: number, ledger: string | null): Place | null {
  if (board === null || row >= MAX_ROWS) return null;
  clearRow(board, row);
  return { board: board.path, row, ledger };
}

/** A unix socket's path has about 100 bytes: the relative one may fit where the absolute does not. */
function socketPath({ address, port }: ListenQuery): string | null {
  if (address === null || port >= 0 || !isAbsolute(address)) return address;
  const short = relative(process.cwd(), address);
  return short.length < address.length ? short : address;
}

/** What node:cluster's own shared handle is made with: bound, not accepting. */
function createHandle({
  address,
  port,
  addressType,
  fd,
  flags,
}: ListenQuery): ListenHandle | number {
  const create: unknown = Reflect.get(net, "_createServerHandle");
  if (typeof create !== "function") throw new Error("this Node has no net._createServerHandle");
  const where = fd === null ? [address, port, addressType, undefined] : [null, null, null, fd];
  const made: unknown = Reflect.apply(create, net, [...where, flags]);
  if (typeof made === "number" || isListenHandle(made)) return made;
  throw new Error("net._createServerHandle returned no handle");
}

function isListenHandle(value: unknown): value is ListenHandle {
  return typeof value === "object" && value !== null && "close" in value;
}
