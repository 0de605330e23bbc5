/**
 * PID 1 of a container has to reap processes that were left behind by others, and Node can't: it
 * waits for its own children by name. So as PID 1 the program puts a proper init in its place: where Node
 * can replace itself (`process.execve`, 22.15 and later) a shell becomes PID 1, which reaps whatever
 * ends; before that, a child that declares itself reaper of its descendants (perl, part of every
 * Debian) stands between PID 1 and the supervisor. Where there is neither, a warning says so.
 *
 * The init passes signals on and ends with the supervisor's exit status.
 */
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { EXIT, type ExitStatus } from "../errors.js";
import type { Logger } from "../log/logger.js";

/** Tells the supervisor below an init that there is one. */
const MARK = "DAZZLE_INIT";
const SHELL = "/bin/sh";
const PERL = "/usr/bin/perl";
const PASSED_ON = [
  "SIGTERM",
  "SIGINT",
  "SIGQUIT",
  "SIGHUP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGUSR1",
  "SIGUSR2",
] as const;

// A trapped signal ends wait early with a status of its own; the child's own is there when it is gone.
const SHELL_INIT = `
"$@" <&0 &
child=$!
for s in TERM INT QUIT HUP TTIN TTOU USR1 USR2; do trap "kill -$s $child 2>/dev/null" $s; done
while :; do
  wait $child
  status=$?
  kill -0 $child 2>/dev/null || exit $status
done
`;

// prctl(PR_SET_CHILD_SUBREAPER, 1); its number differs by architecture.
const PERL_INIT = `
use POSIX ":sys_wait_h";
my $prctl = shift @ARGV;
syscall($prctl, 36, 1, 0, 0, 0) == 0 or exit 125;
my $child = fork();
if ($child == 0) { exec { $ARGV[0] } @ARGV; exit 126; }
for my $s (qw(TERM INT QUIT HUP TTIN TTOU USR1 USR2)) { $SIG{$s} = sub { kill $s, $child }; }
while (1) {
  my $pid = waitpid(-1, 0);
  if ($pid == $child) { exit(WIFEXITED($?) ? WEXITSTATUS($?) : 128 + WTERMSIG($?)); }
  last if $pid < 0 && $! == POSIX::ECHILD;
}
`;
const PRCTL: Readonly<Record<string, string>> = { x64: "157", arm64: "167" };

type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;

/**
 * Null unless this is PID 1 and an init could be put in place: then the supervisor's exit status,
 * once it has ended.
 */
export async function runUnderInit(log: Logger): Promise<ExitStatus | null> {
  if (process.pid !== 1 || process.env[MARK] !== undefined) return null;
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const env = { ...process.env, [MARK]: "1" };
  const execve: unknown = Reflect.get(process, "execve");
  if (isExecve(execve) && isExecutable(SHELL)) {
    process.removeAllListeners("warning");
    execve(SHELL, [SHELL, "-c", SHELL_INIT, "supervise-init", ...program], env);
  }
  const prctl = PRCTL[process.arch];
  if (prctl !== undefined && isExecutable(PERL)) {
    return passThrough(PERL, ["-e", PERL_INIT, prctl, ...program], env);
  }
  log.warn("running as PID 1 without an init: left-behind processes are not reaped; use --init");
  return null;
}

/** There, and not shadowed by something that can't be run. */
function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const isExecve = (value: unknown): value is Execve => typeof value === "function";

const isStatus = (code: number | null): code is ExitStatus =>
  Object.values(EXIT).some((status) => status === code);

function passThrough(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ExitStatus> {
  const child = spawn(file, args, { stdio: "inherit", env });
  const handlers = PASSED_ON.map((signal) => {
    const handler = () => void child.kill(signal);
    process.on(signal, handler);
    return () => process.removeListener(signal, handler);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      for (const remove of handlers) remove();
      resolve(isStatus(code) ? code : EXIT.unexpected);
    });
  });
}
