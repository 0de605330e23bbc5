/**
 * Silent connections: a worker that is killed takes along every connection that it has accepted, even
 * those on which nobody has asked for anything yet. So the primary gets a second descriptor of each
 * connection whose client is silent, and hands it to another worker should this one die. It is told
 * when the first request begins or the connection ends, and closes its descriptor; until it has, the
 * client would not see that this worker closed the connection.
 *
 * One descriptor travels at a time: Node keeps back every further message of this process until the
 * other side has acknowledged a descriptor, and heartbeats should not queue behind a hundred of them.
 *
 * Only for HTTP/1 without TLS: elsewhere the first bytes are part of a longer conversation that
 * another worker could not take up.
 */
import type { Socket } from "node:net";
import { SLOTS, type Ledger } from "../../ipc/distribution/ledger.js";
import { descriptorOf } from "./handle.js";

export interface Cover {
  /** A connection was accepted whose client has sent nothing yet. */
  add(socket: Socket, listener: string): void;
  /** What is added until it is told otherwise came from the primary with this ticket. */
  expect(ticket: number | null): void;
  /**
   * The clients of these tickets have asked the worker that died: those that are silent here wait
   * for an answer that nobody is going to give. Whoever has spoken since is another's request.
   */
  consumed(tickets: readonly number[]): void;
  /** The primary has what was sent last. */
  held(): void;
}

interface Silent {
  readonly listener: string;
  /** With which it came from another worker. */
  readonly ticket: number | null;
  /** Where it is in the ledger, once it was sent. */
  sent: { readonly slot: number; readonly serial: number } | null;
}

interface Post {
  /** False when another descriptor of this process is on its way. */
  hold(handle: object, listener: string, slot: number, serial: number): boolean;
  ended(serials: readonly number[]): void;
  /** Whether one of the connections would be lost with this worker. */
  exposed(exposed: boolean): void;
}

/**
 * In which most clients send their request, once they are connected. Whoever does has cost nothing; the
 * next is not accepted meanwhile. Who does not is sent, and those after it at once: they are
 * probably of the same kind, as when a proxy fills its pool.
 */
const PATIENCE_MS = 2;

/** Until another descriptor, the application's own perhaps, has arrived. */
const BUSY_MS = 20;

/**
 * Where Node's HTTP parser looks for a function to call at the first byte of each message. It sets
 * none on a server.
 */
const ON_MESSAGE_BEGIN = 0;

export function startCover(ledger: Ledger, post: Post): Cover {
  const silent = new Map<Socket, Silent>();
  /** Not sent yet, the oldest first. */
  const waiting = new Set<Socket>();
  /** Sent, the oldest first. */
  const sent = new Set<Socket>();
  /** Slots that were given back, and the first that was never used. */
  const free: number[] = [];
  let unused = 0;
  let ended: number[] = [];
  let lastSerial = 0;
  let onItsWay = false;
  /** Whether those who come may be about to speak: the last one that was waited for did. */
  let patient = true;
  let timer: NodeJS.Timeout | null = null;
  let planned = false;
  let expected: number | null = null;

  /** The primary is not to hold it any longer, whatever the reason. */
  function forget(socket: Socket): void {
    const entry = silent.get(socket);
    if (entry === undefined) return;
    silent.delete(socket);
    if (waiting.delete(socket)) patient = true;
    tell();
    if (entry.sent === null) return;
    // First of all: whatever follows may be the last thing that this process does.
    ledger.begin(entry.sent.slot, entry.sent.serial);
    sent.delete(socket);
    free.push(entry.sent.slot);
    ended.push(entry.sent.serial);
    plan();
  }

  /** After the poll, so that what has ended by now is told at once. */
  function plan(): void {
    if (planned) return;
    planned = true;
    setImmediate(work);
  }

  function work(): void {
    planned = false;
    if (ended.length > 0) {
      post.ended(ended);
      ended = [];
    }
    if (!patient) sendNext();
  }

  function lostPatience(): void {
    timer = null;
    if (waiting.size === 0) return;
    patient = false;
    sendNext();
  }

  /** The next one is to be sent, now or when it has had its time to speak. */
  function expectWord(): void {
    if (!patient) sendNext();
    else if (timer === null) timer = setTimeout(lostPatience, PATIENCE_MS).unref();
  }

  const tell = (): void => post.exposed(onItsWay || waiting.size > 0);

  function sendNext(): void {
    if (!onItsWay) sendOldest();
    tell();
  }

  function sendOldest(): void {
    for (const socket of waiting) {
      const entry = silent.get(socket);
      const handle: unknown = Reflect.get(socket, "_handle");
      waiting.delete(socket);
      if (entry === undefined || typeof handle !== "object" || handle === null) continue;
      if (descriptorOf(handle) < 0) continue;
      const slot = takeSlot();
      if (slot === null) return;
      lastSerial += 1;
      if (!post.hold(handle, entry.listener, slot, lastSerial)) {
        free.push(slot);
        waiting.add(socket);
        setTimeout(sendNext, BUSY_MS).unref();
        return;
      }
      entry.sent = { slot, serial: lastSerial };
      sent.add(socket);
      onItsWay = true;
      return;
    }
  }

  /** When all are taken, who has been silent for longest is the least likely to ask. */
  function takeSlot(): number | null {
    const returned = free.pop();
    if (returned !== undefined) return returned;
    if (unused < SLOTS) {
      unused += 1;
      return unused - 1;
    }
    const [oldest] = sent;
    if (oldest !== undefined) forget(oldest);
    return free.pop() ?? null;
  }

  return {
    add(socket, listener) {
      if (!watchFirstByte(socket, forget)) return;
      silent.set(socket, { listener, ticket: expected, sent: null });
      waiting.add(socket);
      socket.once("close", () => forget(socket));
      expectWord();
      tell();
    },
    expect(ticket) {
      expected = ticket;
    },
    consumed(tickets) {
      for (const [socket, { ticket }] of silent) {
        if (ticket !== null && tickets.includes(ticket)) socket.destroy();
      }
    },
    held() {
      onItsWay = false;
      if (waiting.size > 0) expectWord();
      tell();
    },
  };
}

/** False when this connection has no parser of Node's, or it can't be watched. */
function watchFirstByte(socket: Socket, begins: (socket: Socket) => void): boolean {
  const parser: unknown = Reflect.get(socket, "parser");
  if (typeof parser !== "object" || parser === null) return false;
  return Reflect.set(parser, ON_MESSAGE_BEGIN, () => {
    Reflect.set(parser, ON_MESSAGE_BEGIN, null);
    begins(socket);
  });
}
