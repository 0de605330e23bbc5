/**
 * Connections that the primary holds too: this worker's silent ones, and those of a dead worker that it
 * hands on. One of each for a process, whatever number of servers it has.
 */
import { openLedger, type Ledger } from "../../ipc/distribution/ledger.js";
import type { Place, PrimaryMessage, WorkerMessage } from "../../ipc/distribution/messages.js";
import { startCover, type Cover } from "./cover.js";
import { watchExposure } from "./exposure.js";
import type { Listener } from "./listener.js";
import { watchForLostPrimary } from "./lost-primary.js";

/** Until a descriptor that nobody has acknowledged counts as refused, if none is on its way. */
const ARRIVAL_MS = 1_000;

export interface Holding {
  /** Null as long as the primary holds nothing for this worker. */
  readonly cover: Cover | null;
  open(place: Place | null): void;
  /** The other side has a descriptor that this process sent, whoever did. */
  acknowledged(): void;
  heard(message: Exclude<PrimaryMessage, { act: "offers" }>, handle: unknown): void;
}

export function createHolding(
  send: (message: WorkerMessage, handle?: object) => void,
  listeners: ReadonlyMap<string, Listener>,
): Holding {
  const exposure = watchExposure((exposed) => {
    for (const listener of listeners.values()) listener.expose(exposed);
  });
  let ledger: Ledger | null = null;
  let cover: Cover | null = null;
  let watch: { stop(): void } | null = null;

  /** What was sent last has been taken, or never will be. */
  function arrived(): void {
    watch?.stop();
    watch = null;
    exposure.answered();
    cover?.held();
  }

  function take(key: string, ticket: number, client: object): void {
    const listener = listeners.get(key);
    if (ledger === null || listener === undefined) {
      close(client);
      send({ act: "taken", ticket, refused: true });
      return;
    }
    ledger.take(ticket);
    send({ act: "taken", ticket, refused: false });
    cover?.expect(ticket);
    listener.accept(client);
    cover?.expect(null);
  }

  return {
    get cover() {
      return cover;
    },
    open(place) {
      if (ledger !== null || place === null || place.ledger === null) return;
      ledger = tryLedger(place.ledger);
      if (ledger === null) return;
      cover = startCover(ledger, {
        hold(handle, key, slot, serial) {
          // Node's own list of what waits for a descriptor to be acknowledged.
          if (Reflect.get(process, "_handleQueue")) return false;
          send({ act: "hold", key, slot, serial }, handle);
          const own = watchForLostPrimary();
          watch = own;
          setTimeout(() => {
            // Refused by a primary without descriptors, of which Node tells nobody.
            if (watch === own && !Reflect.get(process, "_handleQueue")) arrived();
          }, ARRIVAL_MS).unref();
          return true;
        },
        ended: (serials) => send({ act: "ended", serials }),
        exposed: (exposed) => exposure.set(exposed),
      });
    },
    acknowledged() {
      // One at a time is on its way.
      if (watch !== null) arrived();
    },
    heard(message, handle) {
      if (message.act === "consumed") cover?.consumed(message.tickets);
      else if (typeof handle === "object" && handle !== null) {
        take(message.key, message.ticket, handle);
      }
    },
  };
}

function close(client: object): void {
  const method: unknown = Reflect.get(client, "close");
  if (typeof method === "function") Reflect.apply(method, client, []);
}

/** A worker that has changed its user since it was forked may not open it. */
function tryLedger(path: string): Ledger | null {
  try {
    return openLedger(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    process.emitWarning(`silent connections would be lost with this worker: ${error.message}`);
    return null;
  }
}
