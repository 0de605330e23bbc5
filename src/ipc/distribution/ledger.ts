/**
 * The ledger: what a worker has begun of the connections that the primary holds a second descriptor
 * of. The worker writes it before it acts, so that the primary can tell, however the worker ended,
 * which connections another worker may still take over and which it may not.
 */
import { readSync, writeSync } from "node:fs";
import { createMemoryFile, openMemoryFile, type MemoryFile } from "../memory-file.js";

/** Connections of one worker that can be held at a time. */
export const SLOTS = 4_096;

const BYTES = Float64Array.BYTES_PER_ELEMENT;

/** Position 0 is the last ticket taken; the slots follow. */
const positionOf = (slot: number): number => (slot + 1) * BYTES;

export interface Ledger {
  /** Opens the same ledger in another process. */
  readonly path: string;
  /** The slot's connection of that serial number, and whatever had the slot before, has begun or ended. */
  begin(slot: number, serial: number): void;
  /** The connection that was handed on with this ticket, and all those before it, were taken. */
  take(ticket: number): void;
  read(): LedgerState;
  close(): void;
}

export interface LedgerState {
  hasBegun(slot: number, serial: number): boolean;
  hasTaken(ticket: number): boolean;
}

function ledger(file: MemoryFile): Ledger {
  const one = new Float64Array(1);
  const write = (value: number, position: number): void => {
    one[0] = value;
    writeSync(file.fd, one, 0, BYTES, position);
  };
  return {
    path: file.path,
    begin: (slot, serial) => write(serial, positionOf(slot)),
    take: (ticket) => write(ticket, 0),
    read() {
      const all = new Float64Array(SLOTS + 1);
      readSync(file.fd, all, 0, all.byteLength, 0);
      return {
        hasBegun: (slot, serial) => (all[slot + 1] ?? 0) >= serial,
        hasTaken: (ticket) => (all[0] ?? 0) >= ticket,
      };
    },
    close: () => file.close(),
  };
}

/** Opens the ledger that the primary made. Throws a system error when it is gone. */
export const openLedger = (path: string): Ledger => ledger(openMemoryFile(path));

export const createLedger = (): Ledger => ledger(createMemoryFile());
