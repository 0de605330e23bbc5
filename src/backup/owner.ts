/**
 * Whose a temporary file or folder is. Its name says which process of which machine made it, so that
 * nobody removes what another still works on: `{machine}-{pid}-{start}-{random}`. The start tells a
 * process from a later one that got the same id, as the first process of a container always does.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { hasCode } from "./node-error.js";

export interface Owner {
  readonly machine: string;
  readonly pid: number;
  /** When it started, in the kernel's ticks; "0" where there is no telling. */
  readonly start: string;
}

/** Matches an owner within a name. */
export const OWNER = "[0-9a-f]{8}-\\d+-\\d+-[0-9a-f]{8}";

const UNKNOWN_START = "0";
const LONGEST_PART = 150;

/** Containers that share their host's name have process ids of their own all the same. */
function processIds(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}

/** A short name of what process ids mean something in, for names of temporary files on shared disks. */
function machineId(): string {
  return createHash("sha256").update(`${hostname()}\0${processIds()}`).digest("hex").slice(0, 8);
}

/** The 22nd field of the process's line; its second, the program's name, may hold anything. */
function startOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    return line.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? UNKNOWN_START;
  } catch (error) {
    if (error instanceof Error && "code" in error) return UNKNOWN_START;
    throw error;
  }
}

/** This process as an owner, different at each call. */
export function ownName(): string {
  const { pid } = process;
  return `${machineId()}-${pid}-${startOf(pid)}-${randomBytes(4).toString("hex")}`;
}

/** Leaves room for the owner in a file name, which may have 255 bytes. */
export function shortened(name: string): string {
  const bytes = Buffer.from(name);
  return bytes.length <= LONGEST_PART ? name : bytes.toString("latin1", 0, LONGEST_PART / 2);
}

export function parseOwner(name: string): Owner | null {
  if (!new RegExp(`^${OWNER}$`).test(name)) return null;
  const [machine = "", pid = "", start = UNKNOWN_START] = name.split("-");
  return { machine, pid: Number(pid), start };
}

/** What became of an owner: of other machines nobody here can tell. */
export function fateOf({ machine, pid, start }: Owner): "alive" | "gone" | "elsewhere" {
  if (machine !== machineId()) return "elsewhere";
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user counts as there.
    if (hasCode(error, "ESRCH")) return "gone";
  }
  const now = startOf(pid);
  return start === UNKNOWN_START || now === UNKNOWN_START || now === start ? "alive" : "gone";
}
