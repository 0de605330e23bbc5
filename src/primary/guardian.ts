/**
 * Ends workers that are stuck when the primary dies. A healthy worker notices by itself and drains;
 * one whose event loop is blocked can't. So a shell of a megabyte waits, for all workers, on a
 * pipe that closes when the primary dies by whatever means, and then kills the workers that have
 * not shown within STUCK_SECONDS that their loop turns. A thread in each worker could do the same for 9 MB
 * each (docs/adr/0011-watching.md).
 *
 * A worker shows it by changing its title, which the kernel shows as the name of the process.
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Logger } from "../log/logger.js";
import { ORPHAN_TITLE } from "../ipc/orphan.js";

/** Enough for a loop that turns at all; with the rest, everything stuck is gone within a second. */
const STUCK_SECONDS = "0.4";
/** What a worker may take beyond drain_timeout to run its last hooks. */
const LATE_MS = 2_000;

// Lines "+PID" and "-PID" say who is to be watched. Name and state of a process are read from /proc, or
// by ps where there is none; one that has ended and was not reaped yet (Z) is gone. "done" instead of the end
// of the pipe: nothing is to be watched any more.
const SCRIPT = `
trap '' TERM INT HUP QUIT
pids=' '
while read -r line; do
  pid=\${line#?}
  case $line in
    +*) pids="$pids$pid " ;;
    -*) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
    done) exit 0 ;;
  esac
done
look() {
  shown=''
  if [ -r /proc/$1/stat ]; then
    read -r shown < /proc/$1/stat
    shown=\${shown#* }
  else
    shown=$(ps -o comm= -o stat= -p $1)
  fi
}
orphans() {
  found=''
  for pid in $pids; do
    look $pid 2>/dev/null
    case $shown in
      *${ORPHAN_TITLE}*' Z'*) ;;
      *${ORPHAN_TITLE}*) found="$found $pid" ;;
      ?*) $1 $pid ;;
    esac
  done
  pids=$found
}
end() { kill -9 $1 2>/dev/null; }
sleep ${STUCK_SECONDS}
orphans end
tries=$1
while [ -n "$pids" ] && [ "$tries" -gt 0 ]; do
  sleep 0.5
  orphans :
  tries=$((tries - 1))
done
for pid in $pids; do end $pid; done
`;

export interface Guardian {
  watch(pid: number): void;
  forget(pid: number): void;
  /** Settles when it is gone. */
  close(): Promise<void>;
}

/** Orphans that still drain after `drainTimeoutMs` are ended too. */
export function startGuardian(drainTimeoutMs: number, log: Logger): Guardian {
  const tries = String(Math.ceil((drainTimeoutMs + LATE_MS) / 500));
  const pids = new Set<number>();
  let closing = false;
  let shell: ChildProcess | null = null;
  let gone: Promise<void> = Promise.resolve();

  const say = (line: string): void => void shell?.stdin?.write(`${line}\n`);
  const start = (): void => {
    const child = spawn("/bin/sh", ["-c", 'eval "$GUARDIAN"', "supervise-guardian", tries], {
      stdio: ["pipe", "ignore", "ignore"],
      // In the environment, so that lists of processes stay readable.
      env: { PATH: process.env["PATH"], GUARDIAN: SCRIPT },
    });
    shell = child;
    child.stdin.on("error", () => undefined);
    child.once("error", (error) => {
      log.warn("no shell to end stuck workers with when this supervisor is killed", { error });
    });
    gone = new Promise((resolve) => {
      child.once("exit", () => {
        resolve();
        // Somebody killed it: another one takes over.
        if (!closing && pids.size > 0) start();
      });
      child.once("error", () => resolve());
    });
    for (const pid of pids) say(`+${pid}`);
  };

  return {
    watch: (pid) => {
      pids.add(pid);
      if (shell === null) start();
      else say(`+${pid}`);
    },
    forget: (pid) => {
      pids.delete(pid);
      say(`-${pid}`);
    },
    close: () => {
      closing = true;
      say("done");
      return gone;
    },
  };
}
