/**
 * A small process that outlives this one. It waits for a word on its standard input; when that ends
 * without one, this process was killed, and it tidies up. A shell does the waiting, so that it costs
 * a megabyte; it is in a session of its own, so that a signal to the whole job does not reach it.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Guardian {
  /** Everything is tidy: the guardian may go. */
  release(): void;
}

/** Waits for a line; without one becomes the command that follows. */
const WAIT = 'read -r word || exec "$@"';

function guard(command: readonly string[], env: NodeJS.ProcessEnv): Guardian {
  const child = spawn("/bin/sh", ["-c", WAIT, "supervise-guardian", ...command], {
    detached: true,
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore"],
    env,
  });
  // Without a shell there is no guardian; the next backup command tidies up then.
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  return { release: () => child.stdin.end("done\n") };
}

/** Removes an unfinished archive when this process is killed. */
export function guardPartial(path: string): Guardian {
  return guard(["rm", "-f", "--", path], { PATH: process.env["PATH"] });
}

export interface StagingInCare {
  /** The uploads folder, links resolved. */
  readonly uploads: string;
  /** The staging folder. */
  readonly staging: string;
  /** Holds the password: it is handed over in the environment, never in a command line. */
  readonly url: string;
}

/** Undoes or finishes the swap of the uploads when this process is killed (settle-main.ts). */
export function guardStaging(care: StagingInCare): Guardian {
  const script = fileURLToPath(new URL("./settle-main.js", import.meta.url));
  return guard([process.execPath, script], {
    ...process.env,
    SUPERVISE_STAGING: JSON.stringify(care),
  });
}
