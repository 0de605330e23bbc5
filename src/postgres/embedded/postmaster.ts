/** The server process of a data folder, known by the file `postmaster.pid` that it keeps there. */
import { constants, open, readdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "./process.js";
import { attempt, run } from "./run.js";

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** `starting`, `ready`, `stopping`, `standby`; empty before the first. */
  readonly status: string;
}

/** True once it takes connections; a standby does for reading. */
export function isReady(server: Postmaster | null): server is Postmaster {
  return server?.status === "ready" || server?.status === "standby";
}

/** A number that no process has on any system, and that still is one to PostgreSQL. */
const NOBODY = 2_147_483_647;

/**
 * The living server of `data`, or null. A file that was left by a crash names a process that is
 * gone, or by now a stranger: it counts only if that process really runs on this folder.
 */
export async function findPostmaster(data: string): Promise<Postmaster | null> {
  const found = await readPidFile(data);
  return found !== null && (await isServerOf(found.pid, data)) ? found : null;
}

/**
 * Lets a server start although the number in a stale file has been given to a stranger, which
 * PostgreSQL takes for a running server. The file stays: by it the server makes sure that no
 * process of its predecessor is left.
 */
export async function disownStrangers(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  const found = await readPidFile(data);
  if (found === null) {
    // Cut short by a full disk or a crash: PostgreSQL then refuses to start for ever.
    if (!(await isAnybodyAtWorkIn(data))) await rm(file, { force: true });
    return;
  }
  if (!(await isAlive(found.pid))) return;
  const [, ...rest] = (await readFile(file, "utf8")).split("\n");
  // In place: the file keeps its owner, who is not always this process's user.
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    await handle.truncate();
    await handle.write([String(NOBODY), ...rest].join("\n"), 0);
  } finally {
    await handle.close();
  }
}

// Its lines: pid, data folder, start time, port, socket folder, address, shared memory key, status.
async function readPidFile(data: string): Promise<Postmaster | null> {
  const text = await attempt(() => readFile(join(data, "postmaster.pid"), "utf8"));
  const lines = text?.split("\n") ?? [];
  const pid = Math.abs(Number(lines[0]));
  if (!Number.isInteger(pid) || pid === 0) return null;
  return { pid, port: Number(lines[3] ?? 0), status: lines[7]?.trim() ?? "" };
}

/** Without a number in the file, a living server is only known by the folder that it works in. */
async function isAnybodyAtWorkIn(data: string): Promise<boolean> {
  const real = await realpath(data);
  if (process.platform !== "linux") {
    const shown = await run("ps", ["-ww", "-eo", "command="], null);
    return !shown.ok || shown.output.includes(real);
  }
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(
    pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => null)),
  );
  return folders.includes(real);
}

async function isServerOf(pid: number, data: string): Promise<boolean> {
  if (!(await isAlive(pid))) return false;
  const real = await realpath(data);
  // A server works in its data folder. The command line tells where the system shows no folders.
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (folder !== null) return folder === real;
  const shown = await run("ps", ["-ww", "-o", "command=", "-p", String(pid)], null);
  return shown.ok && shown.output.includes(real) && shown.output.includes("postgres");
}
