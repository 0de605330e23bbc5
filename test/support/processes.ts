/** The processes of this machine. Small systems have no `ps`, so /proc is asked where there is one. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";

export interface Process {
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly command: string;
}

export function listProcesses(): Process[] {
  if (existsSync("/proc/self/stat")) return fromProc();
  const shown = execFileSync("ps", ["-ww", "-eo", "pid=,ppid=,uid=,command="], {
    encoding: "utf8",
  });
  return shown.split("\n").flatMap((line) => {
    const [, pid, ppid, uid, command] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command === undefined
      ? []
      : [{ pid: Number(pid), ppid: Number(ppid), uid: Number(uid), command }];
  });
}

function fromProc(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const ppid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return [{ pid: Number(name), ppid, uid: statSync(`/proc/${name}`).uid, command }];
    } catch (error) {
      // It ended while it was being looked at.
      if (error instanceof Error && "code" in error) return [];
      throw error;
    }
  });
}
