/**
 * Connections that the primary holds beside a worker: those whose client had sent nothing when the
 * worker accepted it. The primary never reads them. When the worker dies, those that it had not begun
 * go to another worker, as if that one had accepted them; the others are closed, so that the client
 * sees a reset and does not wait for ever.
 *
 * Which is which says the worker's ledger, which it wrote before it acted. Bytes that it had read
 * without having come to write that are found by asking the kernel (received.ts). That may take a second
 * on a busy machine, and concerns one connection at most, so nobody waits for it: the worker that has the
 * connection by then ends it.
 */
import { readFileSync } from "node:fs";
import { createLedger, type Ledger } from "../../ipc/distribution/ledger.js";
import type { PrimaryMessage, WorkerMessage } from "../../ipc/distribution/messages.js";
import { consumedAmong } from "./received.js";

/** A connection's handle, as Node passes it between processes. */
interface Handle {
  readonly fd: number;
  close(): void;
}

interface Copy {
  readonly handle: Handle;
  /** Of its listener. */
  readonly key: string;
  /** Who it was handed on to last. */
  to: { readonly owner: Owner; readonly ticket: number } | null;
  /** Its request died with a worker. */
  consumed: boolean;
}

interface Owner {
  readonly ledger: Ledger;
  /** By serial number. */
  readonly held: Map<number, Copy & { readonly slot: number }>;
  /** Handed on to it and not acknowledged yet, by ticket. */
  readonly given: Map<number, Copy>;
  send(message: PrimaryMessage, handle?: object): void;
}

export interface Held {
  /** The path of the worker's ledger; null when there can be none. */
  open(workerId: number, send: Owner["send"]): string | null;
  heard(workerId: number, message: HoldingMessage, handle: unknown): void;
  /** Nothing more will be heard of it. */
  gone(workerId: number): void;
  /** A worker listens: those that wait for one can go to it. */
  offer(): void;
  close(): void;
}

export type HoldingMessage = Extract<WorkerMessage, { act: "hold" | "ended" | "taken" }>;

interface Listeners {
  has(key: string): boolean;
  /**
   * The worker that should have the next connection of a listener, null when none can have it.
   * `extra` tells how many connections are on their way to a worker.
   */
  fittest(key: string, extra: (workerId: number) => number): number | null;
}

/** Until it is asked again who could take those that nobody could. */
const RETRY_MS = 100;
/** Until a connection that was handed on and not taken is closed, so that its client sees an end. */
const ARRIVAL_MS = 2_000;

export function createHeld(listeners: Listeners): Held {
  const owners = new Map<number, Owner>();
  const limit = descriptorLimit();
  /** Those of dead workers that nobody could take yet. */
  let homeless: Copy[] = [];
  let count = 0;
  let lastTicket = 0;
  let retry: NodeJS.Timeout | null = null;
  let over = false;

  function drop(copy: Copy): void {
    count -= 1;
    copy.handle.close();
  }

  function hold(owner: Owner, { key, slot, serial }: Act<"hold">, handle: unknown): void {
    if (!isHandle(handle)) return;
    count += 1;
    const copy = { handle, key, slot, to: null, consumed: false };
    if (count > limit || over) drop(copy);
    else owner.held.set(serial, copy);
  }

  function ended(owner: Owner, serials: readonly number[]): void {
    for (const serial of serials) {
      const copy = owner.held.get(serial);
      if (copy === undefined) continue;
      owner.held.delete(serial);
      drop(copy);
    }
  }

  function taken(owner: Owner, { ticket, refused }: Act<"taken">): void {
    const copy = owner.given.get(ticket);
    if (copy === undefined) return;
    owner.given.delete(ticket);
    if (refused) rehouse([copy]);
    else drop(copy);
  }

  function rehouse(copies: readonly Copy[]): void {
    homeless.push(...copies);
    offer();
  }

  const onTheWay = (workerId: number): number => owners.get(workerId)?.given.size ?? 0;

  function offer(): void {
    const waiting = homeless;
    homeless = [];
    for (const copy of waiting) {
      const workerId = over ? null : listeners.fittest(copy.key, onTheWay);
      const owner = workerId === null ? undefined : owners.get(workerId);
      if (copy.consumed) drop(copy);
      else if (owner !== undefined) give(owner, copy);
      else if (listeners.has(copy.key) && !over) homeless.push(copy);
      else drop(copy);
    }
    if (homeless.length === 0 || retry !== null) return;
    retry = setTimeout(() => {
      retry = null;
      offer();
    }, RETRY_MS);
    retry.unref();
  }

  function give(owner: Owner, copy: Copy): void {
    lastTicket += 1;
    const ticket = lastTicket;
    owner.given.set(ticket, copy);
    copy.to = { owner, ticket };
    owner.send({ act: "take", key: copy.key, ticket }, copy.handle);
    setTimeout(() => {
      // Its descriptor did not arrive, as in a worker that has no more of them, which Node says to
      // nobody. Who takes it later has a descriptor of its own by then.
      const lost = [...owners.values()].includes(owner) && owner.given.get(ticket) === copy;
      if (!lost || owner.ledger.read().hasTaken(ticket)) return;
      owner.given.delete(ticket);
      drop(copy);
    }, ARRIVAL_MS).unref();
  }

  function inherit(owner: Owner): void {
    const state = owner.ledger.read();
    owner.ledger.close();
    const untouched: Copy[] = [];
    for (const [ticket, copy] of owner.given) {
      if (state.hasTaken(ticket)) drop(copy);
      else untouched.push(copy);
    }
    const left: Copy[] = [];
    for (const [serial, copy] of owner.held) {
      if (state.hasBegun(copy.slot, serial)) drop(copy);
      else left.push(copy);
    }
    // The descriptors may be closed by the time the kernel has answered.
    const asked = consumedAmong(left.map(({ handle }) => handle.fd));
    rehouse([...untouched, ...left]);
    void asked.then((consumed) => left.forEach((copy, at) => consumed[at] && end(copy)));
  }

  /** Its client waits for an answer to what a dead worker has read. */
  function end(copy: Copy): void {
    copy.consumed = true;
    copy.to?.owner.send({ act: "consumed", tickets: [copy.to.ticket] });
  }

  return {
    open(workerId, send) {
      const known = owners.get(workerId);
      if (known) return known.ledger.path;
      const ledger = tryLedger();
      if (ledger === null) return null;
      owners.set(workerId, { ledger, held: new Map(), given: new Map(), send });
      return ledger.path;
    },
    heard(workerId, message, handle) {
      const owner = owners.get(workerId);
      if (owner === undefined) {
        if (isHandle(handle)) handle.close();
      } else if (message.act === "hold") hold(owner, message, handle);
      else if (message.act === "ended") ended(owner, message.serials);
      else taken(owner, message);
    },
    gone(workerId) {
      const owner = owners.get(workerId);
      if (owner === undefined) return;
      owners.delete(workerId);
      inherit(owner);
    },
    offer,
    close() {
      over = true;
      if (retry) clearTimeout(retry);
      offer();
      for (const owner of owners.values()) {
        for (const copy of [...owner.held.values(), ...owner.given.values()]) drop(copy);
        owner.ledger.close();
      }
      owners.clear();
    },
  };
}

type Act<Name extends WorkerMessage["act"]> = Extract<WorkerMessage, { act: Name }>;

/** The scoreboard, which the same system refuses, says why in the log. */
function tryLedger(): Ledger | null {
  try {
    return createLedger();
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

function isHandle(value: unknown): value is Handle {
  return typeof value === "object" && value !== null && "close" in value && "fd" in value;
}

/** Half of what this process may open, and never so many that it would need much memory. */
function descriptorLimit(): number {
  const most = 16_384;
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? NaN);
    return Number.isNaN(soft) ? most : Math.min(most, Math.floor(soft / 2));
  } catch (error) {
    if (error instanceof Error && "code" in error) return 1_024;
    throw error;
  }
}
