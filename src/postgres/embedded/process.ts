/** Other processes, seen from outside: whether they live, and who they are. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { attempt, errorCode } from "./run.js";

/** True while the process runs. One that has ended but was not collected by its parent does not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and someone else's.
    if (errorCode(error) !== "EPERM") return false;
  }
  const stat = await statOf(pid);
  return stat === null || stat.state !== "Z";
}

/** Tells a process from a later one with the same number. Constant where the system has no /proc. */
export async function birthOf(pid: number): Promise<string> {
  return (await statOf(pid))?.started ?? "";
}

/** Resolves with true once none of `pids` lives, with false when `timeoutMs` is over before. */
export async function untilGone(pids: readonly number[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const living = await Promise.all(pids.map(isAlive));
    if (!living.includes(true)) return true;
    if (performance.now() > deadline) return false;
    await sleep(10);
  }
}

/** Sends a signal; a process that has ended by then is no failure. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}

// The command in field 2 may hold spaces and brackets: what follows its last bracket is regular.
async function statOf(pid: number): Promise<{ state: string; started: string } | null> {
  if (process.platform !== "linux") return null;
  const text = await attempt(() => readFile(`/proc/${pid}/stat`, "utf8")).catch(() => null);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields?.[0], fields?.[19]];
  return state === undefined || started === undefined ? null : { state, started };
}
